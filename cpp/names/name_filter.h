// Selects names by a list and a pattern.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "names/name_pattern.h"

namespace safetensors {

// Accepts a name that is in the list and has a match of the pattern. An empty list or pattern
// accepts every name.
class NameFilter {
 public:
  // `names` must outlive it. Throws Error ST_E_INVALID_ARGUMENT for an invalid pattern.
  NameFilter(const std::vector<std::string>& names, const std::string& pattern)
      : names_(names.begin(), names.end()) {
    if (!pattern.empty()) pattern_.emplace(pattern);
  }

  bool accepts(std::string_view name) const {
    return (names_.empty() || names_.contains(name)) && (!pattern_ || pattern_->matches(name));
  }

 private:
  std::unordered_set<std::string_view> names_;
  std::optional<NamePattern> pattern_;
};

}  // namespace safetensors
