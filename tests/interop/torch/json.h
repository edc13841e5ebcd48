// Writes the JSON of the driver's answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace json {

// Invalid UTF-8 is replaced with U+FFFD.
std::string text(std::string_view text);
std::string hex(std::string_view bytes);

inline std::string boolean(bool value) {
  return value ? "true" : "false";
}
inline std::string number(std::int64_t value) {
  return std::to_string(value);
}

// The items are JSON values.
std::string array(const std::vector<std::string>& items);
std::string numbers(const std::vector<std::int64_t>& items);
std::string texts(const std::vector<std::string>& items);

struct Field {
  std::string_view name;
  std::string value;
};
std::string object(const std::vector<Field>& fields);

}  // namespace json
