// One input of the corpus: bytes, and what is to be said of them.
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

// Bytes that are made when they are asked for: the largest inputs are not kept.
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
  st_status compatible;  // ST_OK where the bytes are a valid file
  st_status strict;      // the same under ST_STRICTNESS_STRICT
  bool reference_accepts;
};

using Inputs = std::vector<Input>;

inline Input valid(std::string name, Bytes bytes) {
  return {std::move(name), std::move(bytes), ST_OK, ST_OK, true};
}

// Valid, but not of the form that a writer gives it.
inline Input loose(std::string name, Bytes bytes) {
  return {std::move(name), std::move(bytes), ST_OK, ST_E_SCHEMA, true};
}

inline Input refused(std::string name, Bytes bytes, st_status status) {
  return {std::move(name), std::move(bytes), status, status, false};
}

// On the closed list of what the reference accepts and this library does not.
inline Input refused_here(std::string name, Bytes bytes, st_status status) {
  return {std::move(name), std::move(bytes), status, status, true};
}

// Eight bytes of length, the header, `data_size` bytes of data.
std::string file(std::string_view header, std::size_t data_size = 0);

// The same with another length than the header has.
std::string file_claiming(std::uint64_t length, std::string_view header, std::size_t data_size = 0);

// The JSON of one entry. The parts are JSON too, so that any of them can be wrong.
struct Entry {
  std::string name = "\"w\"";
  std::string dtype = "\"I16\"";
  std::string shape = "[3,2]";
  std::string offsets = "[0,12]";
  std::string before = "";  // more fields, each with a comma after it
  std::string after = "";   // more fields, each with a comma before it
};
std::string member(const Entry& entry);

inline constexpr std::size_t entry_size = 12;  // bytes of data of an Entry as it comes

// A header of these members.
std::string header(const std::vector<std::string>& members);

// A file of one tensor.
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
