// A regular expression that is matched against names.
#pragma once

#include <cstddef>
#include <regex>
#include <string>
#include <string_view>

namespace safetensors {

// Longer names are rejected, in bytes.
inline constexpr std::size_t longest_pattern_name = 1024;

// ECMAScript, as in std::regex, which recurses for each character: matches() and replace_in() must
// run on a large stack. A name longer than 1,024 bytes throws Error ST_E_UNSUPPORTED.
class NamePattern {
 public:
  // Throws Error ST_E_INVALID_ARGUMENT for an invalid pattern.
  explicit NamePattern(const std::string& pattern);

  // Whether any part of the name matches.
  bool matches(std::string_view name) const;

  // Number of groups that a replacement can insert.
  std::size_t groups() const { return regex_.mark_count(); }

  // Returns the name with every match replaced.
  std::string replace_in(std::string_view name, const std::string& replacement) const;

 private:
  std::regex regex_;
};

}  // namespace safetensors
