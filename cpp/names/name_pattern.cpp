#include "names/name_pattern.h"

#include <iterator>
#include <safetensors/safetensors.hpp>

#include "names/quote.h"

namespace safetensors {

namespace {

std::regex compile(const std::string& pattern) {
  try {
    return std::regex(pattern, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    throw Error(ST_E_INVALID_ARGUMENT,
                "invalid ECMAScript regular expression " + quote(pattern) + ": " + error.what());
  }
}

void check_length(std::string_view name) {
  if (name.size() > longest_pattern_name)
    throw Error(ST_E_UNSUPPORTED,
                "the name that begins with " + quote(name.substr(0, 40)) + " has " +
                    std::to_string(name.size()) +
                    " bytes; a regular expression is applied to names of at most " +
                    std::to_string(longest_pattern_name));
}

}  // namespace

NamePattern::NamePattern(const std::string& pattern) : regex_(compile(pattern)) {}

bool NamePattern::matches(std::string_view name) const {
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
