#include "format/index_write.h"

#include <algorithm>
#include <set>

#include "error.h"
#include "format/header_write.h"
#include "format/hex.h"
#include "format/utf8.h"

namespace st {
namespace {

void append_unit(std::string* out, std::uint32_t unit) {
  char digits[4];
  write_hex(digits, unit);
  out->append("\\u").append(digits, sizeof digits);
}

// Everything but printable ASCII is escaped.
void append_character(std::string* out, char32_t character) {
  switch (character) {
    case '"':
      out->append("\\\"");
      return;
    case '\\':
      out->append("\\\\");
      return;
    case '\b':
      out->append("\\b");
      return;
    case '\f':
      out->append("\\f");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      break;
  }
  if (character < 0x10000) return append_unit(out, character);
  const std::uint32_t offset = character - 0x10000;
  append_unit(out, 0xD800 + (offset >> 10));
  append_unit(out, 0xDC00 + (offset & 0x3FF));
}

void append_string(std::string* out, std::string_view text) {
  out->push_back('"');
  while (!text.empty()) {
    const char c = text.front();
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      out->push_back(c);
      text.remove_prefix(1);
      continue;
    }
    const std::size_t length = utf8_sequence_length(text);
    append_character(out, utf8_character(text.substr(0, length)));
    text.remove_prefix(length);
  }
  out->push_back('"');
}

// An object at one level below the root.
class ObjectWriter {
 public:
  ObjectWriter(std::string* out, std::string_view name) : out_(out) {
    out_->append("  ");
    append_string(out_, name);
    out_->append(": {");
  }

  void number(std::string_view key, std::uint64_t value) {
    begin(key);
    out_->append(std::to_string(value));
  }
  void string(std::string_view key, std::string_view value) {
    begin(key);
    append_string(out_, value);
  }
  void end() { out_->append(empty_ ? "}" : "\n  }"); }

 private:
  void begin(std::string_view key) {
    out_->append(empty_ ? "\n    " : ",\n    ");
    empty_ = false;
    append_string(out_, key);
    out_->append(": ");
  }

  std::string* out_;
  bool empty_ = true;
};

void write_metadata(std::string* out, IndexFormat format, const IndexMetadata& metadata) {
  struct Field {
    std::string_view key;
    std::string_view text;
    std::uint64_t number;  // if `text` has no data
  };
  std::vector<Field> fields = {{"total_size", {}, metadata.total_size}};
  if (metadata.total_parameters != 0) {
    fields.push_back({"total_parameters", {}, metadata.total_parameters});
  }
  for (const MetadataEntry& entry : metadata.entries)
    fields.push_back({entry.key, entry.value.data() ? entry.value : std::string_view(""), 0});
  if (format == IndexFormat::sorted) {
    std::sort(fields.begin(), fields.end(),
              [](const Field& a, const Field& b) { return a.key < b.key; });
  }
  ObjectWriter object(out, "metadata");
  for (const Field& field : fields) {
    if (field.text.data()) {
      object.string(field.key, field.text);
    } else {
      object.number(field.key, field.number);
    }
  }
  object.end();
}

}  // namespace

void check_index_metadata(const IndexMetadata& metadata) {
  std::set<std::string_view> keys = {"total_size"};
  if (metadata.total_parameters != 0) keys.insert("total_parameters");
  for (const MetadataEntry& entry : metadata.entries) {
    check_metadata(entry);
    if (keys.insert(entry.key).second) continue;
    throw Error(Code::duplicate, Message() << "duplicate key " << Quoted{entry.key}
                                           << " in the metadata of the index");
  }
}

std::string write_index(IndexFormat format, const IndexMetadata& metadata,
                        std::vector<WeightMapEntry> weight_map) {
  if (format == IndexFormat::sorted) {
    std::sort(weight_map.begin(), weight_map.end(),
              [](const WeightMapEntry& a, const WeightMapEntry& b) { return a.tensor < b.tensor; });
  }
  std::string out = "{\n";
  write_metadata(&out, format, metadata);
  out.append(",\n");
  ObjectWriter object(&out, "weight_map");
  for (const WeightMapEntry& entry : weight_map)
    object.string(entry.tensor, entry.shard);
  object.end();
  out.append(format == IndexFormat::sorted ? "\n}\n" : "\n}");
  return out;
}

}  // namespace st
