#include "script_line.h"

#include <charconv>
#include <sstream>
#include <stdexcept>

namespace {

std::int64_t parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end) {
    throw std::runtime_error("no number: " + std::string(text));
  }
  return number;
}

unsigned nibble(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a' + 10);
  throw std::runtime_error("no hexadecimal digit: " + std::string(1, digit));
}

}  // namespace

ScriptLine::ScriptLine(std::string_view line) {
  std::istringstream stream{std::string(line)};
  for (std::string word; stream >> word;)
    words_.push_back(word);
}

const std::string& ScriptLine::word(std::size_t index) const {
  if (index + 1 >= words_.size()) throw std::runtime_error(command() + " lacks an argument");
  return words_[index + 1];
}

std::int64_t ScriptLine::number(std::size_t index) const {
  return parse_number(word(index));
}

std::vector<std::int64_t> ScriptLine::numbers(std::size_t index) const {
  std::vector<std::int64_t> list;
  if (word(index) == "-") return list;
  std::istringstream stream(word(index));
  for (std::string item; std::getline(stream, item, ',');)
    list.push_back(parse_number(item));
  return list;
}

std::string ScriptLine::bytes(std::size_t index) const {
  const std::string& digits = word(index);
  std::string bytes;
  if (digits == "-") return bytes;
  if (digits.size() % 2 != 0) throw std::runtime_error("half a byte: " + digits);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(nibble(digits[i]) << 4 | nibble(digits[i + 1]));
  }
  return bytes;
}
