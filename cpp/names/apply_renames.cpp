#include "names/apply_renames.h"

#include <safetensors/safetensors.hpp>
#include <unordered_map>
#include <utility>

#include "names/compiled_renames.h"
#include "names/large_stack.h"
#include "names/quote.h"

namespace safetensors {

namespace {

void check_distinct(const std::vector<std::string>& names,
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

}  // namespace

std::vector<std::string> rename_each(const std::vector<std::string_view>& names,
                                     const Renames& renames) {
  if (renames.empty()) return {names.begin(), names.end()};
  const CompiledRenames rename(renames);
  std::vector<std::string> renamed;
  renamed.reserve(names.size());
  const auto fill = [&] {
    for (const std::string_view name : names)
      renamed.push_back(rename(name));
  };
  rename.has_regex() && !names.empty() ? run_on_large_stack(fill) : fill();
  return renamed;
}

std::vector<std::string> rename_all(const std::vector<std::string_view>& names,
                                    const Renames& renames) {
  auto renamed = rename_each(names, renames);
  if (!renames.empty()) check_distinct(renamed, names);
  return renamed;
}

StateDict rename_tensors(StateDict state, const Renames& renames) {
  if (renames.empty()) return state;
  const std::vector<std::string_view> names = names_of(state);
  auto renamed = rename_all(names, renames);
  for (std::size_t i = 0; i < state.size(); ++i)
    state[i].name = std::move(renamed[i]);
  return state;
}

}  // namespace safetensors
