#include "names/apply_renames.h"

#include "names/compiled_renames.h"

namespace safetensors {

StateDict renamed_state(StateDict state, const Renames& renames) {
  if (renames.empty()) return state;
  const NameTranslation translate(renames);
  std::vector<std::string> originals;
  for (auto& named : state) {
    originals.push_back(named.name);
    named.name = translate(named.name);
  }
  std::vector<std::string_view> names;
  for (const auto& named : state)
    names.push_back(named.name);
  check_distinct(names, {originals.begin(), originals.end()});
  return state;
}

}  // namespace safetensors
