#include "cli/input/raw_header.h"

#include <algorithm>
#include <limits>

#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t longest_header = 100'000'000;

std::optional<std::uint64_t> whole_number(const JsonValue& value) {
  return value.type == JsonValue::Type::Number ? parse_number(value.text) : std::nullopt;
}

std::optional<Dtype> known_dtype(const std::string& name) {
  try {
    return dtype_from_name(name);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Fills the entry; returns what is wrong with it, or "".
std::string parse_entry(const JsonValue& value, RawEntry* entry) {
  const JsonValue* const dtype = value.find("dtype");
  const JsonValue* const shape = value.find("shape");
  const JsonValue* const offsets = value.find("data_offsets");
  if (!dtype || !dtype->is_string()) return "has no dtype";
  if (!shape || !shape->is_array()) return "has no shape";
  if (!offsets || !offsets->is_array() || offsets->items.size() != 2)
    return "has no data_offsets of two numbers";
  entry->dtype_text = dtype->text;
  entry->dtype = known_dtype(dtype->text);
  for (const JsonValue& extent : shape->items) {
    const auto number = whole_number(extent);
    if (!number) return "has a shape that is not of whole numbers below 2^64";
    entry->shape.push_back(*number);
  }
  const auto begin = whole_number(offsets->items[0]), end = whole_number(offsets->items[1]);
  if (!begin || !end || *begin > *end) return "has invalid data_offsets";
  entry->begin = *begin;
  entry->end = *end;
  return {};
}

void read_entries(const JsonValue& json, RawHeader* header) {
  for (const auto& [name, value] : json.members) {
    if (name == "__metadata__") {
      for (const auto& [key, text] : value.members)
        if (text.is_string())
          header->metadata.emplace_back(key, text.text);
        else if (header->defect.empty())
          header->defect = "the metadata entry " + quote(key) + " is not a string";
      continue;
    }
    RawEntry entry;
    entry.name = name;
    const std::string defect = parse_entry(value, &entry);
    if (defect.empty())
      header->entries.push_back(std::move(entry));
    else if (header->defect.empty())
      header->defect = "tensor " + quote(name) + " " + defect;
  }
  std::stable_sort(header->entries.begin(), header->entries.end(),
                   [](const RawEntry& a, const RawEntry& b) {
                     return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
                   });
}

Padding padding_of(std::string_view tail) {
  if (tail.find_first_not_of(' ') == std::string_view::npos) return Padding::Spaces;
  if (tail.find_first_not_of(" \t\r\n") == std::string_view::npos) return Padding::Whitespace;
  const std::size_t text_end = tail.find_first_not_of(" \t\r\n");
  return tail.find_first_not_of('\0', text_end) == std::string_view::npos ? Padding::Nul
                                                                          : Padding::Other;
}

}  // namespace

std::optional<std::uint64_t> RawEntry::nbytes() const {
  if (!dtype) return std::nullopt;
  std::uint64_t bits = dtype_bits(*dtype);
  for (const std::uint64_t extent : shape)
    if (extent == 0) return 0;
  for (const std::uint64_t extent : shape) {
    if (bits > std::numeric_limits<std::uint64_t>::max() / extent) return std::nullopt;
    bits *= extent;
  }
  return bits % 8 == 0 ? std::optional(bits / 8) : std::nullopt;
}

std::uint64_t RawHeader::data_end() const {
  std::uint64_t end = 0;
  for (const RawEntry& entry : entries)
    end = std::max(end, entry.end);
  return end;
}

RawHeader read_raw_header(const RawFile& file) {
  RawHeader header;
  header.file_size = file.size();
  const std::string prefix = file.text_at(0, 8);
  if (prefix.size() < 8) return header;
  for (std::size_t i = 0; i < 8; ++i)
    header.length |= static_cast<std::uint64_t>(static_cast<unsigned char>(prefix[i])) << (8 * i);

  // The text may be longer than the header length says.
  constexpr std::uint64_t first_read = 1 << 16;
  std::uint64_t limit =
      header.length <= longest_header ? std::max(header.length, first_read) : first_read;
  std::string text = file.text_at(8, limit);
  std::size_t end = 0;
  JsonError error;
  auto json = parse_json_prefix(text, &end, &error);
  if (!json && error.position == text.size() && limit < longest_header) {
    text = file.text_at(8, longest_header);
    json = parse_json_prefix(text, &end, &error);
  }
  constexpr std::string_view broken = "{},\"__metadata__\"";
  if (json && std::string_view(text).substr(0, broken.size()) == broken) {
    header.is_broken_empty = true;
    json = parse_json_prefix("{" + text.substr(3), &end, &error);
    end += 2;
  }
  if (!json || !json->is_object()) {
    header.defect = json ? "the header is not a JSON object"
                         : error.message + " at byte " + std::to_string(8 + error.position);
    return header;
  }
  header.has_json = true;
  header.json_length = end;
  if (header.length > end)
    header.padding = padding_of(std::string_view(text).substr(
        end, static_cast<std::size_t>(std::min<std::uint64_t>(header.length, text.size()) - end)));
  read_entries(*json, &header);
  return header;
}

}  // namespace safetensors::cli
