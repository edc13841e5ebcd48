#include "names/selected_names.h"

#include <algorithm>
#include <safetensors/safetensors.hpp>

#include "names/apply_renames.h"
#include "names/name_filter.h"
#include "names/quote.h"

namespace safetensors {

std::vector<bool> LoadSelection::requests(const std::vector<std::string_view>& all) const {
  return accepted_names(all, names, pattern);
}

SelectedNames::SelectedNames(const std::vector<std::string_view>& originals,
                             const LoadSelection& selection)
    : selection_(selection),
      names_(rename_all(originals, selection.renames)),
      requested_(selection.requests({names_.begin(), names_.end()})) {
  positions_.reserve(names_.size());
  for (std::size_t i = 0; i < names_.size(); ++i)
    positions_.emplace(names_[i], i);
}

std::optional<std::size_t> SelectedNames::find(std::string_view name) const {
  const auto found = positions_.find(name);
  return found == positions_.end() ? std::nullopt : std::optional(found->second);
}

void SelectedNames::check_requests(const std::string& description) const {
  std::vector<std::string> missing;
  for (const auto& name : selection_.names) {
    if (!find(name) && !also_loaded_.contains(name)) missing.push_back(name);
  }
  if (!missing.empty())
    throw Error(ST_E_TENSOR_NOT_FOUND, description + " has no " + quote_tensors(missing));

  const bool is_any = std::find(requested_.begin(), requested_.end(), true) != requested_.end();
  if (!is_any && also_loaded_.empty() && !selection_.pattern.empty() && !names_.empty())
    throw Error(ST_E_TENSOR_NOT_FOUND, "no selected name has a match of the pattern " +
                                           quote(selection_.pattern) +
                                           ", which applies to names after the renames");
}

}  // namespace safetensors
