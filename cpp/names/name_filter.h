// Which names a call is about.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "names/name_pattern.h"

namespace safetensors {

// Lets through the names of a list and those in which a pattern is found; an empty list or pattern
// lets through all.
class NameFilter {
 public:
  // `names` must outlive it. Throws Error ST_E_INVALID_ARGUMENT for a pattern that is none.
  NameFilter(const std::vector<std::string>& names, const std::string& pattern)
      : names_(names.begin(), names.end()) {
    if (!pattern.empty()) pattern_.emplace(pattern);
  }

  bool accepts(std::string_view name) const {
    return (names_.empty() || names_.contains(name)) && (!pattern_ || pattern_->found_in(name));
  }

 private:
  std::unordered_set<std::string_view> names_;
  std::optional<NamePattern> pattern_;
};

}  // namespace safetensors
