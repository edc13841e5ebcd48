// Json: writes a JSON document to stdout. The elements of the outer two levels have lines of their
// own, deeper ones are on one line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <safetensors/safetensors.hpp>

#include "cli/output/output.h"

namespace safetensors::cli {

class Json {
 public:
  explicit Json(Output& out) : out_(out) {}

  Json& begin_object() { return begin('{'); }
  Json& end_object() { return end('}'); }
  Json& begin_array() { return begin('['); }
  Json& end_array() { return end(']'); }

  // The key of the next value.
  Json& key(std::string_view name);

  // Bytes that are not UTF-8, which only paths can have, become U+FFFD.
  Json& string(std::string_view text);
  Json& number(std::uint64_t value);
  // A double in the shortest form; null for infinities and NaN.
  Json& number(double value);
  Json& boolean(bool value);
  Json& null();
  // A value that is JSON already.
  Json& raw(std::string_view json);

  Json& member(std::string_view name, std::string_view text) { return key(name).string(text); }
  Json& member(std::string_view name, const std::string& text) { return key(name).string(text); }
  Json& member(std::string_view name, const char* text) { return key(name).string(text); }
  Json& member(std::string_view name, std::uint64_t value) { return key(name).number(value); }
  Json& member(std::string_view name, bool value) { return key(name).boolean(value); }
  Json& member(std::string_view name, Span<const std::uint64_t> values);

 private:
  Json& begin(char bracket);
  Json& end(char bracket);
  void before_value();
  void new_line();

  Output& out_;
  std::size_t depth_ = 0;
  bool is_first_ = true;  // of its object or array
  bool after_key_ = false;
};

// The text as a JSON string, with its quotes.
std::string json_string(std::string_view text);

}  // namespace safetensors::cli
