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
      requested_(selection.requests({names_.begin(), names_.end()})) {}

void SelectedNames::check_requests(const std::string& description,
                                   const std::unordered_set<std::string_view>& also_loaded) const {
  std::unordered_set<std::string_view> absent(selection_.names.begin(), selection_.names.end());
  if (!absent.empty()) {
    for (const auto& name : names_)
      absent.erase(name);
  }
  std::vector<std::string> missing;  // in the order of the list
  for (const auto& name : selection_.names) {
    if (absent.contains(name) && !also_loaded.contains(name)) missing.push_back(name);
  }
  if (!missing.empty())
    throw Error(ST_E_TENSOR_NOT_FOUND, description + " has no " + quote_tensors(missing));

  const bool is_any = std::find(requested_.begin(), requested_.end(), true) != requested_.end();
  if (!is_any && also_loaded.empty() && !selection_.pattern.empty() && !names_.empty())
    throw Error(ST_E_TENSOR_NOT_FOUND, "no selected name has a match of the pattern " +
                                           quote(selection_.pattern) +
                                           ", which applies to names after the renames");
}

}  // namespace safetensors
