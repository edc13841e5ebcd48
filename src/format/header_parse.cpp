#include "format/header_parse.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <new>

#include "error.h"
#include "format/header_text.h"
#include "format/json_diagnostics.h"
#include "format/json_numbers.h"
#include "io/platform.h"

namespace st {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

static_assert(parse_padding >= simdjson::SIMDJSON_PADDING);

// Null until a test selects one.
std::atomic<const simdjson::implementation*> selected_kernel{nullptr};

// Not simdjson's active implementation: that one is chosen by a variable of the environment.
const simdjson::implementation& kernel() noexcept {
  static const simdjson::implementation* const best =
      simdjson::get_available_implementations().detect_best_supported();
  const simdjson::implementation* const selected = selected_kernel;
  return selected ? *selected : *best;
}

// simdjson's parser, run by its stages because numbers are rewritten between them. Its large
// buffers are replaced by memory that may be on huge pages: page faults would cost more than
// parsing.
class JsonParser {
 public:
  // Throws std::bad_alloc.
  explicit JsonParser(std::size_t text_size) {
    constexpr std::size_t slack = 64 + simdjson::SIMDJSON_PADDING;
    if (!check(kernel().create_dom_parser_implementation(text_size, simdjson::DEFAULT_MAX_DEPTH,
                                                         parser_))) {
      throw Error(Code::internal, Message() << "the JSON parser cannot be created");
    }
    parser_->structural_indexes.reset();
    // The sizes that simdjson's own allocation has.
    tape_ = allocate_bytes((text_size + slack) * sizeof(std::uint64_t));
    strings_ = allocate_bytes(5 * text_size / 3 + slack);
    tokens_ = allocate_bytes((text_size + slack) * sizeof(std::uint32_t));
    document_.tape.reset(reinterpret_cast<std::uint64_t*>(tape_.writable));
    document_.string_buf.reset(reinterpret_cast<std::uint8_t*>(strings_.writable));
    parser_->structural_indexes.reset(reinterpret_cast<std::uint32_t*>(tokens_.writable));
  }
  JsonParser(const JsonParser&) = delete;
  JsonParser& operator=(const JsonParser&) = delete;
  ~JsonParser() {
    (void)document_.tape.release();
    (void)document_.string_buf.release();
    (void)parser_->structural_indexes.release();
  }

  // Finds the tokens of `text`, which has parse_padding bytes behind it. Returns whether its
  // strings and its UTF-8 are valid.
  bool tokenize(std::span<const char> text) {
    return check(parser_->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                 simdjson::stage1_mode::regular));
  }

  // Where the tokens begin.
  std::span<const std::uint32_t> tokens() const noexcept {
    return {parser_->structural_indexes.get(), parser_->n_structural_indexes};
  }

  // Builds the document from the tokens. Returns whether they are JSON.
  bool build() { return check(parser_->stage2(document_)); }

  element root() const noexcept { return document_.root(); }

 private:
  static bool check(simdjson::error_code failure) {
    if (failure == simdjson::MEMALLOC) throw std::bad_alloc();
    return failure == simdjson::SUCCESS;
  }

  Bytes tape_, strings_, tokens_;
  simdjson::dom::document document_;
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
};

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

// An entry while the sizes of the storage are not known yet.
struct RawEntry {
  std::string_view name;
  Dtype dtype;
  std::uint32_t rank;
  std::uint64_t begin;
  std::uint64_t end;
};

class HeaderReader {
 public:
  explicit HeaderReader(Strictness strictness) : strict_(strictness == Strictness::strict) {}

  void read(element root) {
    simdjson::dom::object object;
    if (root.get(object)) {
      throw Error(Code::schema,
                  Message() << "the header is " << type_name(root) << ", expected an object");
    }
    found_.reserve(object.size());
    for (const auto [key, value] : object) {
      if (key == "__metadata__") {
        read_metadata(value);
      } else {
        read_tensor(key, value);
      }
    }
  }

  ParsedHeader finish() const;

 private:
  void read_metadata(element value) {
    if (metadata_form_ != MetadataForm::absent) {
      throw Error(Code::schema, Message() << "duplicate field __metadata__");
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
      add_metadata(key, content);
    }
  }

  // Keeps one entry of each key: a file may repeat a key as often as it has room.
  void add_metadata(std::string_view key, std::string_view value) {
    const auto key_of = [this](std::uint32_t i) { return metadata_[i].key; };
    if (metadata_.size() == keys_room_) {
      keys_room_ = 2 * keys_room_;
      keys_ = NameIndex(keys_room_);
      for (std::uint32_t i = 0; i < metadata_.size(); ++i)
        keys_.insert(metadata_[i].key, i, key_of);
    }
    const auto position = static_cast<std::uint32_t>(metadata_.size());
    if (keys_.insert(key, position, key_of) == NameIndex::none) {
      metadata_.push_back({key, value});
      text_size_ += key.size() + value.size();
    } else if (!repeated_key_.data()) {
      repeated_key_ = key;
      text_size_ += key.size();
    }
  }

  void read_tensor(std::string_view name, element value) {
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
      }
    }
    if (!has_dtype) schema_error(name, "missing field", "dtype", "");
    if (!has_shape) schema_error(name, "missing field", "shape", "");
    if (!has_offsets) schema_error(name, "missing field", "data_offsets", "");
    found_.push_back(tensor);
    text_size_ += name.size();
  }

  static void once(std::string_view name, std::string_view field, bool* seen) {
    if (*seen) schema_error(name, "duplicate field", field, "");
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
      throw Error(Code::schema, Message() << "tensor " << Quoted{name} << ": " << field << " has "
                                          << (number ? "a number" : type_name(value))
                                          << (number ? " that is not an unsigned 64-bit integer"
                                                     : ", expected unsigned 64-bit integers"));
    }
    return integer;
  }

  std::uint32_t read_shape(std::string_view name, element field) {
    simdjson::dom::array array;
    if (field.get(array)) schema_error(name, "shape is", type_name(field), ", expected an array");
    std::uint32_t rank = 0;
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

  bool strict_;
  MetadataForm metadata_form_ = MetadataForm::absent;
  LargeVector<RawEntry> found_;
  std::vector<std::uint64_t> extents_;  // of all shapes, one after the other
  std::vector<MetadataEntry> metadata_;
  std::size_t keys_room_ = 8;  // metadata keys for which `keys_` is large enough
  NameIndex keys_{keys_room_};
  std::string_view repeated_key_;
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
  parsed.tensors.reserve(found_.size());
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
  if (repeated_key_.data()) parsed.repeated_key = keep(repeated_key_);
  return parsed;
}

bool begins_number(char c) noexcept {
  return c == '-' || (c >= '0' && c <= '9');
}

// Whether the text nests deeper than the reference allows, or has a number that the parser and the
// reference read differently.
bool needs_care(std::string_view text, std::span<const std::uint32_t> tokens) noexcept {
  static constexpr auto nesting = [] {
    std::array<std::int8_t, 256> change{};
    change['{'] = change['['] = 1;
    change['}'] = change[']'] = -1;
    return change;
  }();
  int depth = 0;
  for (const std::uint32_t at : tokens) {
    const char c = text[at];
    depth += nesting[static_cast<unsigned char>(c)];
    if (depth > deepest_nesting) return true;
    if (begins_number(c) && !is_simple_integer(text, at)) return true;
  }
  return false;
}

// The text is checked first: messages show it as it is in the file.
void normalize_numbers(std::span<char> text, std::span<const std::uint32_t> tokens,
                       std::uint64_t text_offset) {
  const std::string_view view(text.data(), text.size());
  check_text(view, text_offset);
  for (const std::uint32_t at : tokens) {
    if (!begins_number(text[at]) || is_simple_integer(view, at)) continue;
    if (!rewrite_number(text, at)) {
      throw Error(Code::json,
                  Message() << "the header has a number out of range at byte " << text_offset + at,
                  text_offset + at);
    }
  }
}

}  // namespace

bool select_json_kernel(std::string_view name) noexcept {
  for (const simdjson::implementation* candidate : simdjson::get_available_implementations()) {
    if (candidate->name() != name || !candidate->supported_by_runtime_system()) continue;
    selected_kernel = candidate;
    return true;
  }
  return false;
}

ParsedHeader parse_header(std::span<char> text, Strictness strictness, std::uint64_t text_offset) {
  const std::string_view view(text.data(), text.size());
  // Releases of the parser differ in whether they skip a byte order mark.
  if (view.starts_with("\xEF\xBB\xBF")) explain(view, text_offset);

  if (is_wrong_at_start(view)) explain(view, text_offset);

  JsonParser parser(text.size());
  if (!parser.tokenize(text)) explain(view, text_offset);
  if (needs_care(view, parser.tokens())) normalize_numbers(text, parser.tokens(), text_offset);
  if (!parser.build()) explain(view, text_offset);

  if (strictness == Strictness::strict) check_strict_form(view, text_offset);
  HeaderReader reader(strictness);
  reader.read(parser.root());
  return reader.finish();
}

}  // namespace st
