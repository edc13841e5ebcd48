#include "cli/input/raw_header.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "cli/input/json_reader.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::size_t most_dimensions = 1000;
constexpr std::uint64_t largest_offset =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - longest_header - 8;

std::optional<Dtype> known_dtype(const std::string& name) {
  try {
    return dtype_from_name(name);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Reads the JSON text of a header. What is wrong with the content becomes the defect of the header;
// throws JsonError for an invalid text.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, RawHeader& header) : reader_(text), header_(header) {}

  // Returns where the JSON text ends.
  std::size_t read() {
    if (!reader_.is_object()) {
      reader_.skip();
      add_defect("the header is not a JSON object");
      return reader_.position();
    }
    header_.has_json = true;
    std::string name;
    for (reader_.begin_object(); reader_.next_member(&name);)
      name == "__metadata__" ? read_metadata() : read_entry(name);
    remove_repeated_entries();
    return reader_.position();
  }

 private:
  void add_defect(const std::string& defect) {
    if (header_.defect.empty()) header_.defect = defect;
  }

  void read_metadata() {
    if (std::exchange(has_metadata_, true)) add_defect("the header has more than one __metadata__");
    if (!reader_.is_object()) {
      if (reader_.type() != JsonReader::Type::Null) add_defect("__metadata__ is not an object");
      reader_.skip();
      return;
    }
    std::string key;
    for (reader_.begin_object(); reader_.next_member(&key);) {
      if (!reader_.is_string()) {
        add_defect("the metadata entry " + quote(key) + " is not a string");
        reader_.skip();
        continue;
      }
      std::string value = reader_.read_string();
      const auto found = header_.metadata.find(key);
      if (found == header_.metadata.end())
        header_.metadata.emplace(key, std::move(value));
      else
        add_once(found->second == value ? header_.repeated_keys : header_.conflicting_keys, key);
    }
  }

  static void add_once(std::vector<std::string>& names, const std::string& name) {
    if (names.empty() || names.back() != name) names.push_back(name);
  }

  void read_entry(const std::string& name) {
    RawEntry entry;
    entry.name = name;
    const std::string defect = read_fields(entry);
    if (defect.empty())
      header_.entries.push_back(std::move(entry));
    else
      add_defect("tensor " + quote(name) + " " + defect);
  }

  // Returns what is wrong with the entry, or "".
  std::string read_fields(RawEntry& entry) {
    if (!reader_.is_object()) {
      reader_.skip();
      return "is not an object";
    }
    bool has_dtype = false, has_shape = false, has_offsets = false;
    std::string defect, field;
    for (reader_.begin_object(); reader_.next_member(&field);) {
      bool* const has_field = field == "dtype"          ? &has_dtype
                              : field == "shape"        ? &has_shape
                              : field == "data_offsets" ? &has_offsets
                                                        : nullptr;
      if (!has_field) {
        reader_.skip();
        continue;
      }
      std::string reason;
      if (std::exchange(*has_field, true)) {
        reader_.skip();
        reason = "has more than one " + field;
      } else if (has_field == &has_dtype) {
        reason = read_dtype(entry);
      } else {
        reason = has_field == &has_shape ? read_shape(entry) : read_offsets(entry);
      }
      if (defect.empty()) defect = reason;
    }
    if (!defect.empty()) return defect;
    if (!has_dtype) return "has no dtype";
    if (!has_shape) return "has no shape";
    return has_offsets ? "" : "has no data_offsets";
  }

  std::string read_dtype(RawEntry& entry) {
    if (!reader_.is_string()) {
      reader_.skip();
      return "has a dtype that is not a string";
    }
    entry.dtype_text = reader_.read_string();
    entry.dtype = known_dtype(entry.dtype_text);
    return {};
  }

  // Reads an array of whole numbers, of which it keeps at most `limit`. Returns whether the value
  // is one.
  bool read_numbers(std::vector<std::uint64_t>& numbers, std::size_t limit) {
    if (!reader_.is_array()) {
      reader_.skip();
      return false;
    }
    bool is_valid = true;
    for (reader_.begin_array(); reader_.next_item();) {
      const auto number = parse_number(reader_.skip());
      is_valid &= number.has_value();
      if (number && numbers.size() < limit) numbers.push_back(*number);
    }
    return is_valid;
  }

  std::string read_shape(RawEntry& entry) {
    if (!read_numbers(entry.shape, most_dimensions + 1))
      return "has a shape that is not an array of whole numbers below 2^64";
    if (entry.shape.size() <= most_dimensions) return {};
    return "has more than " + grouped(most_dimensions) + " dimensions";
  }

  std::string read_offsets(RawEntry& entry) {
    std::vector<std::uint64_t> offsets;
    if (!read_numbers(offsets, 3) || offsets.size() != 2)
      return "has data_offsets that are not two whole numbers below 2^64";
    entry.begin = offsets[0];
    entry.end = offsets[1];
    if (entry.begin > entry.end) return "has data_offsets whose end is before their begin";
    if (entry.end > largest_offset) return "has data_offsets beyond the largest size of a file";
    return {};
  }

  // Leaves one of the entries that are equal in every field.
  void remove_repeated_entries() {
    auto& entries = header_.entries;
    std::stable_sort(entries.begin(), entries.end(),
                     [](const RawEntry& a, const RawEntry& b) { return a.name < b.name; });
    std::size_t kept = 0, first = 0;  // `first` of those with the same name
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (kept == 0 || entries[first].name != entries[i].name) {
        first = kept;
      } else if (entries[first] == entries[i]) {
        add_once(header_.repeated_names, entries[i].name);
        continue;
      } else {
        add_once(header_.conflicting_names, entries[i].name);
      }
      if (kept != i) entries[kept] = std::move(entries[i]);
      ++kept;
    }
    entries.resize(kept);
    std::stable_sort(entries.begin(), entries.end(), [](const RawEntry& a, const RawEntry& b) {
      return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
  }

  JsonReader reader_;
  RawHeader& header_;
  bool has_metadata_ = false;
};

Padding padding_of(std::string_view tail) {
  if (tail.find_first_not_of(' ') == std::string_view::npos) return Padding::Spaces;
  const std::size_t text_end = tail.find_first_not_of(" \t\r\n");
  if (text_end == std::string_view::npos) return Padding::Whitespace;
  return tail.find_first_not_of('\0', text_end) == std::string_view::npos ? Padding::Nul
                                                                          : Padding::Other;
}

// Reads the text as a header. Returns the position of an error, or nothing.
std::optional<std::size_t> read_text(std::string& text, RawHeader& header) {
  constexpr std::string_view broken = "{},\"__metadata__\"";
  // The text of such a file is JSON from the comma on, with a brace in its place.
  const bool is_broken_empty = std::string_view(text).substr(0, broken.size()) == broken;
  const std::size_t begin = is_broken_empty ? broken.find(',') : 0;
  if (is_broken_empty) text[begin] = '{';
  const RawHeader before = header;
  try {
    header.is_broken_empty = is_broken_empty;
    header.json_length = begin + HeaderReader(std::string_view(text).substr(begin), header).read();
    return std::nullopt;
  } catch (const JsonError& error) {
    header = before;
    const std::size_t position = begin + error.position;
    header.defect = error.message + " at byte " + std::to_string(8 + position);
    if (is_broken_empty) text[begin] = broken[begin];
    return position;
  }
}

// Whether a header beyond the limit is complete, by its first and last bytes.
bool has_long_header(const RawFile& file, std::uint64_t length) {
  constexpr std::uint64_t longest_padding = 4096;
  if (length <= longest_header || length > file.size() - 8) return false;
  if (file.text_at(8, 1) != "{") return false;
  const std::string end = file.text_at(8 + length - longest_padding, longest_padding);
  const std::size_t last = end.find_last_not_of(std::string_view(" \0", 2));
  return last != std::string::npos && end[last] == '}';
}

}  // namespace

std::optional<std::uint64_t> RawEntry::nbytes() const {
  if (!dtype) return std::nullopt;
  constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t elements = 1;
  for (const std::uint64_t extent : shape) {
    if (extent > 0 && elements > largest / extent) return std::nullopt;
    elements *= extent;
  }
  const std::uint64_t bits = dtype_bits(*dtype);
  if (elements > largest / bits || elements * bits % 8 != 0) return std::nullopt;
  return elements * bits / 8;
}

bool RawEntry::operator==(const RawEntry& other) const {
  return std::tie(name, dtype_text, shape, begin, end) ==
         std::tie(other.name, other.dtype_text, other.shape, other.begin, other.end);
}

std::uint64_t RawHeader::data_end() const {
  std::uint64_t last = 0;
  for (const RawEntry& entry : entries)
    last = std::max(last, entry.end);
  return last;
}

RawHeader read_raw_header(const RawFile& file) {
  RawHeader header;
  header.file_size = file.size();
  const std::string prefix = file.text_at(0, 8);
  if (prefix.size() < 8) return header;
  for (std::size_t i = 0; i < 8; ++i)
    header.length |= static_cast<std::uint64_t>(static_cast<unsigned char>(prefix[i])) << (8 * i);

  header.is_too_long = has_long_header(file, header.length);
  if (header.is_too_long) return header;

  // The text may be longer than the header length says.
  constexpr std::uint64_t first_read = 1 << 16, longest_token = 12;
  const std::uint64_t limit =
      header.length <= longest_header ? std::max(header.length, first_read) : first_read;
  std::string text = file.text_at(8, limit);
  auto error = read_text(text, header);
  const bool may_be_cut = error && *error + longest_token > text.size();
  if (may_be_cut && 8 + text.size() < file.size() && limit < longest_header) {
    text = file.text_at(8, longest_header);
    error = read_text(text, header);
  }
  const std::uint64_t end = header.json_length;
  if (header.has_json && header.length > end)
    header.padding = padding_of(
        std::string_view(text).substr(end, static_cast<std::size_t>(header.length - end)));
  return header;
}

}  // namespace safetensors::cli
