// Renames with parsed rules, to be applied to many names.
#pragma once

#include <safetensors/torch/renames.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "names/component_rule.h"
#include "names/name_pattern.h"

namespace safetensors {

class CompiledRenames {
 public:
  // `renames` must outlive it.
  explicit CompiledRenames(const Renames& renames);

  // With a regular expression it needs a large stack.
  std::string operator()(std::string_view name) const;

  bool has_regex() const;

 private:
  struct PrefixRule {};

  const Renames& renames_;
  std::vector<std::variant<PrefixRule, ComponentRule, NamePattern>> rules_;
};

}  // namespace safetensors
