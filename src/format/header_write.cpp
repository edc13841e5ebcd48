#include "format/header_write.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "error.h"
#include "format/checked.h"
#include "format/hex.h"
#include "format/tensor_size.h"
#include "format/utf8.h"

namespace st {
namespace {

constexpr std::size_t length_size = 8;

class JsonWriter {
 public:
  explicit JsonWriter(std::vector<char>* out) noexcept : out_(out) {}

  void raw(std::string_view text) { out_->insert(out_->end(), text.begin(), text.end()); }

  void number(std::uint64_t value) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out_->insert(out_->end(), digits, end);
  }

  // Escapes what JSON requires and nothing else.
  void string(std::string_view text) {
    raw("\"");
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
      raw(text.substr(plain, i - plain));
      escape(byte);
      plain = i + 1;
    }
    raw(text.substr(plain));
    raw("\"");
  }

 private:
  void escape(unsigned char byte) {
    switch (byte) {
      case '"':
        return raw("\\\"");
      case '\\':
        return raw("\\\\");
      case '\b':
        return raw("\\b");
      case '\f':
        return raw("\\f");
      case '\n':
        return raw("\\n");
      case '\r':
        return raw("\\r");
      case '\t':
        return raw("\\t");
      default: {
        char digits[4];
        write_hex(digits, byte);
        raw("\\u");
        return raw({digits, sizeof digits});
      }
    }
  }

  std::vector<char>* out_;
};

std::vector<std::uint32_t> file_order(std::span<const TensorToSave> tensors) {
  if (tensors.size() > UINT32_MAX) {
    throw Error(Code::header_too_large, Message()
                                            << "too many tensors for a header: " << tensors.size());
  }
  std::vector<std::uint32_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const TensorToSave &left = tensors[a], &right = tensors[b];
    return left.dtype != right.dtype ? dtype_rank(left.dtype) > dtype_rank(right.dtype)
                                     : left.name < right.name;
  });
  return order;
}

// Returns whether a field was written.
bool write_metadata(JsonWriter* json, std::span<const MetadataEntry> metadata,
                    MetadataForm empty_metadata) {
  if (metadata.empty() && empty_metadata == MetadataForm::absent) return false;
  json->raw("\"__metadata__\":");
  if (metadata.empty() && empty_metadata == MetadataForm::null) {
    json->raw("null");
    return true;
  }
  json->raw("{");
  for (std::size_t i = 0; i < metadata.size(); ++i) {
    if (i > 0) json->raw(",");
    json->string(metadata[i].key);
    json->raw(":");
    json->string(metadata[i].value);
  }
  json->raw("}");
  return true;
}

}  // namespace

void check_names_differ(std::span<const TensorToSave> tensors) {
  NameIndex index(tensors.size());
  const auto name_of = [&](std::uint32_t i) { return tensors[i].name; };
  for (std::uint32_t i = 0; i < tensors.size(); ++i) {
    if (index.insert(tensors[i].name, i, name_of) != NameIndex::none) {
      throw Error(Code::duplicate, Message()
                                       << "duplicate tensor name " << Quoted{tensors[i].name});
    }
  }
}

void check_metadata(const MetadataEntry& entry) {
  if (is_utf8(entry.key) && is_utf8(entry.value)) return;
  throw Error(Code::utf8, Message() << "metadata key " << Quoted{entry.key}
                                    << ": the key or its value is not valid UTF-8");
}

void check_tensor_name(std::string_view name) {
  if (!is_utf8(name)) {
    throw Error(Code::utf8, Message() << "tensor name " << Quoted{name} << " is not UTF-8");
  }
  if (name == "__metadata__") {
    throw Error(Code::invalid_argument, Message() << "tensor name \"__metadata__\" is reserved");
  }
}

void check_tensor(const TensorToSave& tensor) {
  check_tensor_name(tensor.name);
  const std::uint64_t nbytes = tensor_size(tensor.name, tensor.dtype, tensor.shape);
  if (nbytes != tensor.nbytes) {
    throw Error(Code::size_mismatch, Message() << "tensor " << Quoted{tensor.name} << ": nbytes is "
                                               << tensor.nbytes << ", but dtype "
                                               << dtype_name(tensor.dtype) << " and shape need "
                                               << nbytes);
  }
}

void sort_metadata(std::vector<MetadataEntry>* metadata) {
  for (const MetadataEntry& entry : *metadata)
    check_metadata(entry);
  std::sort(metadata->begin(), metadata->end(),
            [](const MetadataEntry& a, const MetadataEntry& b) { return a.key < b.key; });
  const auto same = [](const MetadataEntry& a, const MetadataEntry& b) { return a.key == b.key; };
  const auto pair = std::adjacent_find(metadata->begin(), metadata->end(), same);
  if (pair != metadata->end()) {
    throw Error(Code::duplicate, Message() << "duplicate metadata key " << Quoted{pair->key});
  }
}

HeaderWriter::HeaderWriter(std::span<const MetadataEntry> metadata, MetadataForm empty_metadata) {
  bytes_.resize(length_size);
  JsonWriter json(&bytes_);
  json.raw("{");
  has_members_ = write_metadata(&json, metadata, empty_metadata);
}

void HeaderWriter::add_tensor(std::string_view name, Dtype dtype,
                              std::span<const std::uint64_t> shape, std::uint64_t begin,
                              std::uint64_t end) {
  JsonWriter json(&bytes_);
  if (has_members_) json.raw(",");
  has_members_ = true;
  json.string(name);
  json.raw(":{\"dtype\":\"");
  json.raw(dtype_name(dtype));
  json.raw("\",\"shape\":[");
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (d > 0) json.raw(",");
    json.number(shape[d]);
  }
  json.raw("],\"data_offsets\":[");
  json.number(begin);
  json.raw(",");
  json.number(end);
  json.raw("]}");
}

std::uint64_t HeaderWriter::finish_text() {
  JsonWriter(&bytes_).raw("}");
  return bytes_.size();
}

std::vector<char> HeaderWriter::finish(std::uint64_t data_offset) {
  const std::uint64_t length = data_offset - length_size;
  if (length > max_header_size) {
    throw Error(Code::header_too_large, Message()
                                            << "the header would have " << length
                                            << " bytes, readers allow at most " << max_header_size);
  }
  bytes_.resize(static_cast<std::size_t>(data_offset), ' ');
  for (std::size_t i = 0; i < length_size; ++i)
    bytes_[i] = static_cast<char>(length >> (8 * i) & 0xFF);
  return std::move(bytes_);
}

std::uint64_t round_up(std::uint64_t size, std::uint64_t alignment) noexcept {
  return (size + alignment - 1) / alignment * alignment;
}

SavePlan plan_save(std::span<const TensorToSave> tensors, std::vector<MetadataEntry> metadata,
                   MetadataForm empty_metadata, std::uint64_t alignment) {
  for (const TensorToSave& tensor : tensors)
    check_tensor(tensor);
  SavePlan plan;
  plan.order = file_order(tensors);
  check_names_differ(tensors);
  sort_metadata(&metadata);

  HeaderWriter header(metadata, empty_metadata);
  std::uint64_t offset = 0;
  for (const std::uint32_t i : plan.order) {
    const TensorToSave& tensor = tensors[i];
    const auto end = checked_add(offset, tensor.nbytes);
    if (!end)
      throw Error(Code::overflow, Message() << "the total size of the tensors exceeds 64 bits");
    header.add_tensor(tensor.name, tensor.dtype, tensor.shape, offset, *end);
    offset = *end;
  }
  plan.header_bytes = header.finish(round_up(header.finish_text(), alignment));
  const auto file_size = checked_add(plan.header_bytes.size(), offset);
  if (!file_size || *file_size > INT64_MAX) {
    throw Error(Code::overflow, Message() << "the file would be larger than 2^63 - 1 bytes");
  }
  plan.file_size = *file_size;
  return plan;
}

}  // namespace st
