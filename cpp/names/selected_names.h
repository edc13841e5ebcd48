// The names of a source after the renames, and which of them a load requests.
#pragma once

#include <cstddef>
#include <safetensors/torch/renames.hpp>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace safetensors {

// The options of a load that concern names.
struct LoadSelection {
  const Renames& renames;
  const std::vector<std::string>& names;
  const std::string& pattern;

  // Which of `all` are requested; an empty list or pattern requests every name.
  std::vector<bool> requests(const std::vector<std::string_view>& all) const;
};

class SelectedNames {
 public:
  // `selection` must outlive it. Throws Error ST_E_DUPLICATE if the renames map two names to one,
  // ST_E_INVALID_ARGUMENT for an invalid pattern.
  SelectedNames(const std::vector<std::string_view>& originals, const LoadSelection& selection);

  std::size_t size() const { return names_.size(); }
  const std::string& name(std::size_t position) const { return names_[position]; }
  bool is_requested(std::size_t position) const { return requested_[position]; }

  // Throws Error ST_E_TENSOR_NOT_FOUND if the list has a name that the source does not have, or if
  // nothing has a match of the pattern. `description` is what the message calls the source;
  // `also_loaded` are names that are loaded under another name.
  void check_requests(const std::string& description,
                      const std::unordered_set<std::string_view>& also_loaded = {}) const;

 private:
  const LoadSelection& selection_;
  std::vector<std::string> names_;
  std::vector<bool> requested_;
};

}  // namespace safetensors
