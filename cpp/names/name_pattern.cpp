#include "names/name_pattern.h"

#include <iterator>
#include <safetensors/safetensors.hpp>

#include "names/quote.h"

namespace safetensors {

namespace {

constexpr std::size_t kLongestName = 4096;

std::regex compile(const std::string& pattern) {
  try {
    return std::regex(pattern, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    throw Error(ST_E_INVALID_ARGUMENT,
                quote(pattern) + " is no regular expression (ECMAScript): " + error.what());
  }
}

void check_length(std::string_view name) {
  if (name.size() > kLongestName)
    throw Error(ST_E_UNSUPPORTED, "a name of " + std::to_string(name.size()) +
                                      " bytes is too long for a regular expression (" +
                                      std::to_string(kLongestName) + " at most): it begins with " +
                                      quote(name.substr(0, 40)));
}

}  // namespace

NamePattern::NamePattern(const std::string& pattern) : regex_(compile(pattern)) {}

bool NamePattern::found_in(std::string_view name) const {
  check_length(name);
  return std::regex_search(name.begin(), name.end(), regex_);
}

std::string NamePattern::replace_in(std::string_view name, const std::string& replacement) const {
  check_length(name);
  std::string result;
  std::regex_replace(std::back_inserter(result), name.begin(), name.end(), regex_, replacement);
  return result;
}

}  // namespace safetensors
