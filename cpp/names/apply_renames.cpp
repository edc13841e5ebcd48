#include "names/apply_renames.h"

#include "names/compiled_renames.h"

namespace safetensors {

StateDict apply_renames(StateDict state, const Renames& renames) {
  if (renames.empty()) return state;
  const CompiledRenames rename(renames);
  std::vector<std::string> originals;
  for (auto& named : state) {
    originals.push_back(named.name);
    named.name = rename(named.name);
  }
  std::vector<std::string_view> names;
  for (const auto& named : state)
    names.push_back(named.name);
  check_distinct(names, {originals.begin(), originals.end()});
  return state;
}

}  // namespace safetensors
