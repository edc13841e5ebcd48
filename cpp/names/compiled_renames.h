// Renames with compiled regular expressions, to be applied to many names.
#pragma once

#include <optional>
#include <safetensors/torch/renames.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "names/name_pattern.h"

namespace safetensors {

class CompiledRenames {
 public:
  // `renames` must outlive it.
  explicit CompiledRenames(const Renames& renames);

  std::string operator()(std::string_view name) const;

  // Whether the renames are empty.
  bool is_identity() const { return renames_.empty(); }

 private:
  const Renames& renames_;
  std::vector<std::optional<NamePattern>> patterns_;  // one per rule; nullopt for a prefix rule
};

// Throws Error ST_E_DUPLICATE if two of the names are equal. `originals` are the names before the
// renames, in the same order.
void check_distinct(const std::vector<std::string_view>& names,
                    const std::vector<std::string_view>& originals);

}  // namespace safetensors
