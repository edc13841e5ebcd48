#include "edited_file.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include "scratch.h"

namespace faults {
namespace {

constexpr std::uint64_t data_size = 200'001;  // enough to share blocks
constexpr char tensor[] = "\"w\":{\"dtype\":\"U8\",\"shape\":[200001],\"data_offsets\":[0,200001]}";
constexpr char old_metadata[] = "\"__metadata__\":{\"k\":\"v\",\"l\":\"w\"},";

// Made before any request is counted.
const std::string added_value(300, 'x');

// Every block differs from the others.
const std::string& data() {
  static const std::string bytes = [] {
    std::string filled(data_size, '\0');
    for (std::size_t i = 0; i < filled.size(); ++i)
      filled[i] = static_cast<char>(i * 2654435761u >> 13);
    return filled;
  }();
  return bytes;
}

std::string old_header() {
  return std::string("{") + old_metadata + tensor + "}";
}

std::string new_header(Edit edit) {
  if (edit == Edit::shrink) return std::string("{") + tensor + "}";
  return "{\"__metadata__\":{\"a\":\"" + added_value + "\",\"k\":\"v\",\"l\":\"w\"}," + tensor +
         "}";
}

std::string content() {
  std::ifstream file("file", std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

st_metadata_entry entry_of(std::string_view key, std::string_view value) {
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  entry.key = key.data();
  entry.key_len = key.size();
  entry.value = value.data();
  entry.value_len = value.size();
  return entry;
}

// Whether the file consists of this header, padding and the data.
bool consists_of(const std::string& file, const std::string& header) {
  if (file.size() < 8 + header.size() + data_size) return false;
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  if (8 + length + data_size != file.size()) return false;
  const std::string_view text = std::string_view(file).substr(8, length);
  return text.starts_with(header) &&
         text.find_first_not_of(' ', header.size()) == std::string_view::npos &&
         file.ends_with(data());
}

}  // namespace

void write_unedited() {
  const std::string header = old_header();
  const std::uint64_t length = header.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  file += header + data();
  scratch_write("file", file.data(), file.size());
}

st_status edit(const char* path, const EditRequest& request, std::uint32_t* method,
               st_error* error) {
  const st_metadata_entry added = entry_of("a", added_value);
  const st_metadata_entry removed[] = {entry_of("k", {}), entry_of("l", {})};
  st_edit change = ST_EDIT_INIT;
  change.in_place = request.in_place;
  if (request.edit == Edit::grow) {
    change.set = &added;
    change.set_count = 1;
  } else {
    change.remove = removed;
    change.remove_count = 2;
  }
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.durability = request.durability;
  options.link = request.link;
  return st_edit_metadata(path, &change, &options, method, error);
}

State state_of_file(Edit edit) {
  const std::string file = content();
  if (consists_of(file, old_header())) return State::old_file;
  return consists_of(file, new_header(edit)) ? State::new_file : State::damaged;
}

bool has_lost_header() {
  const std::string file = content();
  return file.size() > data_size && file.starts_with(std::string_view("\0\0\0\0\0\0\0\0", 8)) &&
         file.ends_with(data());
}

}  // namespace faults
