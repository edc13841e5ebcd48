#include "names/compiled_renames.h"

#include <safetensors/safetensors.hpp>
#include <unordered_map>

#include "names/quote.h"

namespace safetensors {

CompiledRenames::CompiledRenames(const Renames& renames) : renames_(renames) {
  patterns_.reserve(renames.rules_.size());
  for (const auto& rule : renames.rules_) {
    patterns_.emplace_back();
    if (rule.kind == Renames::Kind::regex) patterns_.back().emplace(rule.from);
  }
}

std::string CompiledRenames::operator()(std::string_view name) const {
  const auto exact = renames_.exact_.find(name);
  if (exact != renames_.exact_.end()) return exact->second;

  std::string result(name);
  for (std::size_t i = 0; i < renames_.rules_.size(); ++i) {
    const auto& rule = renames_.rules_[i];
    if (patterns_[i]) {
      result = patterns_[i]->replace_in(result, rule.to);
    } else if (result.starts_with(rule.from)) {
      result.replace(0, rule.from.size(), rule.to);
    }
  }
  return result;
}

void check_distinct(const std::vector<std::string_view>& names,
                    const std::vector<std::string_view>& originals) {
  std::unordered_map<std::string_view, std::string_view> original_of;
  original_of.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [found, is_new] = original_of.emplace(names[i], originals[i]);
    if (!is_new)
      throw Error(ST_E_DUPLICATE, "the renames map both " + quote(found->second) + " and " +
                                      quote(originals[i]) + " to " + quote(names[i]));
  }
}

}  // namespace safetensors
