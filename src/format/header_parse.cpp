#include "format/header_parse.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "error.h"
#include "format/json_document.h"
#include "format/json_text.h"
#include "io/platform.h"

namespace st {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

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

}  // namespace

ParsedHeader parse_header(std::span<char> text, Strictness strictness, std::uint64_t text_offset) {
  constexpr const char* name = "the header";
  const JsonDocument document(text, text_offset, name);
  if (strictness == Strictness::strict) {
    check_strict_form({{text.data(), text.size()}, text_offset, name});
  }
  HeaderReader reader(strictness);
  reader.read(document.root());
  return reader.finish();
}

}  // namespace st
