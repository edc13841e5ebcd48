#include "format/header_parse.h"

#include <simdjson.h>

#include <cmath>
#include <cstring>
#include <new>

#include "error.h"
#include "format/json_diagnostics.h"
#include "format/json_numbers.h"
#include "format/utf8.h"
#include "io/platform.h"

namespace st {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

static_assert(parse_padding >= simdjson::SIMDJSON_PADDING);

// The parser finds out which kernel suits the processor at its first use, in functions that may not
// throw but allocate. Done when the library is loaded, memory that runs out later cannot end the
// process.
[[gnu::constructor]] void choose_kernel() {
  (void)simdjson::get_active_implementation()->name();
}

constexpr int deepest = 127;  // levels of arrays and objects, as the reference allows

std::string_view type_name(element value) {
  switch (value.type()) {
    case element_type::ARRAY:
      return "an array";
    case element_type::OBJECT:
      return "an object";
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
      return "a number";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "a boolean";
    default:
      return "null";
  }
}

[[noreturn]] void schema_error(std::string_view name, std::string_view what, std::string_view field,
                               std::string_view wanted) {
  throw Error(Code::schema, Message() << "tensor " << Quoted{name} << ": " << what
                                      << (field.empty() ? "" : " ") << field << wanted);
}

// Sizes are collected on the way: the storage is allocated once, when they are known.
struct RawEntry {
  std::string_view name;
  Dtype dtype;
  std::size_t rank;
  std::uint64_t begin;
  std::uint64_t end;
};

class HeaderReader {
 public:
  explicit HeaderReader(Strictness strictness) noexcept
      : strict_(strictness == Strictness::strict) {}

  void walk(element root) {
    simdjson::dom::object object;
    if (root.get(object)) {
      throw Error(Code::schema,
                  Message() << "the header is " << type_name(root) << ", expected an object");
    }
    reserve_on_huge_pages(&found_, object.size());
    for (const auto [key, value] : object) {
      if (key == "__metadata__") {
        walk_metadata(value);
      } else {
        walk_tensor(key, value);
      }
    }
  }

  // Whether an ignored float is close to the largest double: the reference may not be able to read
  // it.
  bool largest_float_seen() const noexcept { return largest_float_seen_; }

  ParsedHeader finish() const;

 private:
  void walk_metadata(element value) {
    if (metadata_form_ != MetadataForm::absent) {
      throw Error(Code::schema, Message() << "the header has two __metadata__ fields");
    }
    if (value.is_null() && !strict_) {
      metadata_form_ = MetadataForm::null;
      return;
    }
    metadata_form_ = MetadataForm::present;
    simdjson::dom::object object;
    if (value.get(object)) {
      throw Error(Code::schema, Message() << "__metadata__ is " << type_name(value)
                                          << ", expected an object of strings");
    }
    for (const auto [key, text] : object) {
      std::string_view content;
      if (text.get(content)) {
        throw Error(Code::schema, Message() << "__metadata__ key " << Quoted{key} << " is "
                                            << type_name(text) << ", expected a string");
      }
      metadata_.push_back({key, content});
      text_size_ += key.size() + content.size();
    }
  }

  void walk_tensor(std::string_view name, element value) {
    simdjson::dom::object object;
    if (value.get(object)) {
      schema_error(name, "its entry is", type_name(value), ", expected an object");
    }
    RawEntry tensor{name, Dtype::boolean, 0, 0, 0};
    bool has_dtype = false, has_shape = false, has_offsets = false;
    for (const auto [key, field] : object) {
      if (key == "dtype") {
        once(name, key, &has_dtype);
        tensor.dtype = read_dtype(name, field);
      } else if (key == "shape") {
        once(name, key, &has_shape);
        tensor.rank = read_shape(name, field);
      } else if (key == "data_offsets") {
        once(name, key, &has_offsets);
        read_offsets(name, field, &tensor);
      } else {
        if (strict_) {
          throw Error(Code::schema,
                      Message() << "tensor " << Quoted{name} << ": unknown field " << Quoted{key});
        }
        check_ignored(name, field, 3);
      }
    }
    if (!has_dtype) schema_error(name, "its entry has no", "dtype", "");
    if (!has_shape) schema_error(name, "its entry has no", "shape", "");
    if (!has_offsets) schema_error(name, "its entry has no", "data_offsets", "");
    found_.push_back(tensor);
    text_size_ += name.size();
  }

  static void once(std::string_view name, std::string_view field, bool* seen) {
    if (*seen) schema_error(name, "its entry has two fields", field, "");
    *seen = true;
  }

  static Dtype read_dtype(std::string_view name, element field) {
    std::string_view text;
    if (field.get(text)) schema_error(name, "dtype is", type_name(field), ", expected a string");
    const auto dtype = dtype_from_name(text);
    if (!dtype) {
      throw Error(Code::dtype, Message() << "tensor " << Quoted{name} << ": unknown dtype "
                                         << Quoted{text} << ", a newer version may support it");
    }
    return *dtype;
  }

  static std::uint64_t read_integer(std::string_view name, std::string_view field, element value) {
    std::uint64_t integer;
    if (value.get(integer)) {
      const auto type = value.type();
      const bool number = type == element_type::INT64 || type == element_type::DOUBLE;
      throw Error(Code::schema, Message()
                                    << "tensor " << Quoted{name} << ": " << field << " holds "
                                    << (number ? "a number" : type_name(value))
                                    << (number ? " that is no plain non-negative 64-bit integer"
                                               : ", expected plain non-negative integers"));
    }
    return integer;
  }

  std::size_t read_shape(std::string_view name, element field) {
    simdjson::dom::array array;
    if (field.get(array)) schema_error(name, "shape is", type_name(field), ", expected an array");
    std::size_t rank = 0;
    for (const element extent : array) {
      extents_.push_back(read_integer(name, "shape", extent));
      ++rank;
    }
    return rank;
  }

  static void read_offsets(std::string_view name, element field, RawEntry* tensor) {
    simdjson::dom::array array;
    if (field.get(array)) {
      schema_error(name, "data_offsets is", type_name(field),
                   ", expected an array of two integers");
    }
    std::uint64_t offsets[2] = {0, 0};
    std::size_t count = 0;
    for (const element offset : array) {
      if (count == 2) schema_error(name, "data_offsets has more than two numbers", "", "");
      offsets[count++] = read_integer(name, "data_offsets", offset);
    }
    if (count < 2) schema_error(name, "data_offsets has fewer than two numbers", "", "");
    tensor->begin = offsets[0];
    tensor->end = offsets[1];
  }

  // What is ignored has been parsed, but the parser allows deeper nesting and larger floats than
  // the reference.
  void check_ignored(std::string_view name, element value, int depth) {
    if (value.is_double()) {
      largest_float_seen_ |= std::abs(double(value)) > 1.79e308;
    }
    if (!value.is_array() && !value.is_object()) return;
    if (depth > deepest) {
      throw Error(Code::json, Message() << "tensor " << Quoted{name}
                                        << ": an unknown field nests deeper than 127 levels");
    }
    simdjson::dom::array array;
    if (!value.get(array)) {
      for (const element item : array)
        check_ignored(name, item, depth + 1);
      return;
    }
    simdjson::dom::object object;
    if (!value.get(object)) {
      for (const auto field : object)
        check_ignored(name, field.value, depth + 1);
    }
  }

  bool strict_;
  MetadataForm metadata_form_ = MetadataForm::absent;
  bool largest_float_seen_ = false;
  std::vector<RawEntry> found_;
  std::vector<std::uint64_t> extents_;  // of all shapes, one after the other
  std::vector<MetadataEntry> metadata_;
  std::size_t text_size_ = 0;
};

ParsedHeader HeaderReader::finish() const {
  ParsedHeader parsed;
  parsed.storage.text = std::make_unique_for_overwrite<char[]>(text_size_ + 1);
  parsed.storage.extents = std::make_unique_for_overwrite<std::uint64_t[]>(extents_.size() + 1);
  std::copy(extents_.begin(), extents_.end(), parsed.storage.extents.get());

  char* free_text = parsed.storage.text.get();
  const auto keep = [&free_text](std::string_view text) {
    std::memcpy(free_text, text.data(), text.size());
    const std::string_view kept(free_text, text.size());
    free_text += text.size();
    return kept;
  };
  const std::uint64_t* shape = parsed.storage.extents.get();
  reserve_on_huge_pages(&parsed.tensors, found_.size());
  for (const RawEntry& tensor : found_) {
    parsed.tensors.push_back(
        {keep(tensor.name), {shape, tensor.rank}, tensor.dtype, tensor.begin, tensor.end});
    shape += tensor.rank;
  }
  parsed.metadata_form = metadata_form_;
  parsed.metadata.reserve(metadata_.size());
  for (const MetadataEntry& entry : metadata_) {
    const std::string_view key = keep(entry.key);
    parsed.metadata.push_back({key, keep(entry.value)});
  }
  return parsed;
}

// The parser says that there is a fault; this says which and where.
[[noreturn]] void explain(std::string_view text, std::uint64_t text_offset) {
  const std::size_t invalid = utf8_invalid_at(text);
  if (invalid < text.size()) {
    throw Error(Code::utf8,
                Message() << "the header is not UTF-8 at byte " << text_offset + invalid,
                text_offset + invalid);
  }
  const JsonError fault = find_json_error(text);
  if (!fault.expected) {
    throw Error(Code::json, Message() << "the header holds a number out of range");
  }
  Message message;
  message << "the header is not JSON: expected " << fault.expected << " at byte "
          << text_offset + fault.at << ", found ";
  if (fault.at < text.size()) {
    message << Quoted{text.substr(fault.at, 12)};
  } else {
    message << "its end";
  }
  throw Error(Code::json, message, text_offset + fault.at);
}

void check_strict_form(std::string_view text, std::uint64_t text_offset) {
  if (text.empty() || text.front() != '{') {
    throw Error(Code::schema, Message() << "the header does not begin with '{'", text_offset);
  }
  const std::size_t last = text.find_last_not_of(' ');
  if (text[last] != '}') {
    throw Error(Code::schema, Message() << "the header is padded with something else than spaces",
                text_offset + last);
  }
}

// What the parser would allocate itself, in time to ask for huge pages: for a large header, page
// faults cost more than parsing.
void allocate(simdjson::dom::parser* parser, std::size_t text_size) {
  constexpr std::size_t worth_it = std::size_t{1} << 20;
  if (text_size < worth_it) return;
  if (parser->allocate(text_size) || parser->doc.allocate(text_size)) throw std::bad_alloc();
  prefer_huge_pages(parser->doc.tape.get(), text_size * sizeof(std::uint64_t));
  prefer_huge_pages(parser->doc.string_buf.get(), text_size);
  prefer_huge_pages(parser->implementation->structural_indexes.get(),
                    text_size * sizeof(std::uint32_t));
}

}  // namespace

ParsedHeader parse_header(std::span<char> text, Strictness strictness, std::uint64_t text_offset) {
  const std::string_view view(text.data(), text.size());
  // Some releases of the parser pass over a byte order mark.
  if (view.starts_with("\xEF\xBB\xBF")) explain(view, text_offset);
  if (may_have_negative_zero(text)) normalize_numbers(text);

  simdjson::dom::parser parser;
  allocate(&parser, text.size());
  element root;
  const auto parse = [&] { return parser.parse(text.data(), text.size(), false).get(root); };
  auto failure = parse();
  if (failure && failure != simdjson::MEMALLOC && normalize_numbers(text)) failure = parse();
  if (failure == simdjson::MEMALLOC) throw std::bad_alloc();
  if (failure) explain(view, text_offset);

  if (strictness == Strictness::strict) check_strict_form(view, text_offset);
  HeaderReader walker(strictness);
  walker.walk(root);
  if (walker.largest_float_seen() && exceeds_double_range(text)) {
    throw Error(Code::json, Message() << "the header holds a number out of range");
  }
  return walker.finish();
}

}  // namespace st
