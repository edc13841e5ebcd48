// Enough of a JSON writer for the driver's replies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace json {

// Text has to be UTF-8; what is not comes out as U+FFFD.
std::string text(std::string_view text);
std::string hex(std::string_view bytes);

inline std::string boolean(bool value) {
  return value ? "true" : "false";
}
inline std::string number(std::int64_t value) {
  return std::to_string(value);
}

// The items are JSON already.
std::string array(const std::vector<std::string>& items);
std::string numbers(const std::vector<std::int64_t>& items);
std::string texts(const std::vector<std::string>& items);

struct Field {
  std::string_view name;
  std::string value;
};
std::string object(const std::vector<Field>& fields);

}  // namespace json
