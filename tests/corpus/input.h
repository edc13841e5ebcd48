// An input of the corpus: bytes and the expected verdicts.
#pragma once

#include <safetensors/safetensors.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corpus {

// Bytes that are produced on demand, so that the largest inputs are not kept in memory.
class Bytes {
 public:
  Bytes(std::string made) : make_([made = std::move(made)] { return made; }) {}

  template <std::invocable Make>
  Bytes(Make make) : make_(std::move(make)) {}

  std::string make() const { return make_(); }

 private:
  std::function<std::string()> make_;
};

struct Input {
  std::string name;
  Bytes bytes;
  st_status compatible;  // ST_OK if the bytes are a valid file
  st_status strict;      // verdict with ST_STRICTNESS_STRICT
  bool reference_accepts;
};

using Inputs = std::vector<Input>;

inline Input valid(std::string name, Bytes bytes) {
  return {std::move(name), std::move(bytes), ST_OK, ST_OK, true};
}

// Valid, but rejected by ST_STRICTNESS_STRICT.
inline Input loose(std::string name, Bytes bytes) {
  return {std::move(name), std::move(bytes), ST_OK, ST_E_SCHEMA, true};
}

inline Input refused(std::string name, Bytes bytes, st_status status) {
  return {std::move(name), std::move(bytes), status, status, false};
}

// On the closed list of files that the reference accepts and this library rejects.
inline Input refused_here(std::string name, Bytes bytes, st_status status) {
  return {std::move(name), std::move(bytes), status, status, true};
}

// Eight bytes of length, the header, `data_size` bytes of data.
std::string file(std::string_view header, std::size_t data_size = 0);

// A file whose first 8 bytes state another length than the header has.
std::string file_claiming(std::uint64_t length, std::string_view header, std::size_t data_size = 0);

// The JSON of one entry. Its parts are JSON, so that each of them can be invalid.
struct Entry {
  std::string name = "\"w\"";
  std::string dtype = "\"I16\"";
  std::string shape = "[3,2]";
  std::string offsets = "[0,12]";
  std::string before = "";  // more fields, each with a comma after it
  std::string after = "";   // more fields, each with a comma before it
};
std::string member(const Entry& entry);

inline constexpr std::size_t entry_size = 12;  // bytes of data of a default Entry

// A header with these members.
std::string header(const std::vector<std::string>& members);

// A file with one tensor.
std::string one(const Entry& entry, std::size_t data_size = entry_size);

// A member of U8 elements from `begin` to `end`.
std::string bytes_member(std::string_view name, std::uint64_t begin, std::uint64_t end);

std::string repeated(std::string_view text, std::size_t count);

Inputs framing_inputs();
Inputs json_inputs();
Inputs string_inputs();
Inputs block_inputs();
Inputs nesting_inputs();
Inputs number_inputs();
Inputs shape_inputs();
Inputs offset_inputs();
Inputs entry_inputs();
Inputs duplicate_inputs();
Inputs dtype_inputs();
Inputs metadata_inputs();
Inputs name_inputs();
Inputs size_inputs();

}  // namespace corpus
