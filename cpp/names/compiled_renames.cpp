#include "names/compiled_renames.h"

#include <algorithm>

namespace safetensors {

CompiledRenames::CompiledRenames(const Renames& renames) : renames_(renames) {
  rules_.reserve(renames.rules_.size());
  for (const auto& rule : renames.rules_) {
    switch (rule.kind) {
      case Renames::Kind::prefix:
        rules_.emplace_back(PrefixRule{});
        break;
      case Renames::Kind::components:
        rules_.emplace_back(ComponentRule(rule.from, rule.to));
        break;
      case Renames::Kind::regex:
        rules_.emplace_back(NamePattern(rule.from));
        break;
    }
  }
}

bool CompiledRenames::has_regex() const {
  return std::any_of(rules_.begin(), rules_.end(),
                     [](const auto& rule) { return std::holds_alternative<NamePattern>(rule); });
}

std::string CompiledRenames::operator()(std::string_view name) const {
  const auto exact = renames_.exact_.find(name);
  if (exact != renames_.exact_.end()) return exact->second;

  std::string result(name);
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const auto& rule = renames_.rules_[i];
    if (const auto* pattern = std::get_if<NamePattern>(&rules_[i])) {
      result = pattern->replace_in(result, rule.to);
    } else if (const auto* components = std::get_if<ComponentRule>(&rules_[i])) {
      result = components->replace_in(result);
    } else if (result.starts_with(rule.from)) {
      result.replace(0, rule.from.size(), rule.to);
    }
  }
  return result;
}

}  // namespace safetensors
