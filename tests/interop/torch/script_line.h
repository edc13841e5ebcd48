// Parses a line of a script: words separated by spaces, of which the first is the command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

class ScriptLine {
 public:
  explicit ScriptLine(std::string_view line);

  bool empty() const { return words_.empty(); }
  const std::string& command() const { return words_.front(); }

  // The arguments, from 0. Each throws std::runtime_error for one that is missing or malformed.
  const std::string& word(std::size_t index) const;
  std::int64_t number(std::size_t index) const;
  bool flag(std::size_t index) const { return number(index) != 0; }
  std::vector<std::int64_t> numbers(std::size_t index) const;  // "2,3,4", or "-" if empty
  std::string bytes(std::size_t index) const;                  // hexadecimal, or "-" if empty

 private:
  std::vector<std::string> words_;
};
