// Renames made ready to be applied to many names.
#pragma once

#include <optional>
#include <safetensors/torch/renames.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "names/name_pattern.h"

namespace safetensors {

class NameTranslation {
 public:
  // `renames` must outlive it.
  explicit NameTranslation(const Renames& renames);

  std::string operator()(std::string_view name) const;

  // Whether no name is changed.
  bool is_identity() const { return renames_.empty(); }

 private:
  const Renames& renames_;
  std::vector<std::optional<NamePattern>> patterns_;  // one for each rule; none for prefixes
};

// Throws Error ST_E_DUPLICATE if two of the names are one. `originals` are what they were before
// the renames, in the same order.
void check_distinct(const std::vector<std::string_view>& names,
                    const std::vector<std::string_view>& originals);

}  // namespace safetensors
