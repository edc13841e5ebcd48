// A regular expression for names.
#pragma once

#include <regex>
#include <string>
#include <string_view>

namespace safetensors {

// ECMAScript, as std::regex has it. Names longer than 4,096 bytes are refused with Error
// ST_E_UNSUPPORTED: std::regex recurses once for each character and would overflow the stack.
class NamePattern {
 public:
  // Throws Error ST_E_INVALID_ARGUMENT for a pattern that is none.
  explicit NamePattern(const std::string& pattern);

  // Whether there is a match somewhere in the name.
  bool found_in(std::string_view name) const;

  // The name with every match replaced.
  std::string replace_in(std::string_view name, const std::string& replacement) const;

 private:
  std::regex regex_;
};

}  // namespace safetensors
