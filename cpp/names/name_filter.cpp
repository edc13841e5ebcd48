#include "names/name_filter.h"

#include "names/large_stack.h"
#include "names/name_pattern.h"

namespace safetensors {

std::vector<bool> accepted_names(const std::vector<std::string_view>& names,
                                 const std::vector<std::string>& list, const std::string& pattern) {
  std::vector<bool> accepted(names.size(), true);
  if (!list.empty()) {
    const std::unordered_set<std::string_view> listed(list.begin(), list.end());
    for (std::size_t i = 0; i < names.size(); ++i)
      accepted[i] = listed.contains(names[i]);
  }
  if (!pattern.empty()) {
    const NamePattern compiled(pattern);
    run_on_large_stack([&] {
      for (std::size_t i = 0; i < names.size(); ++i)
        accepted[i] = accepted[i] && compiled.matches(names[i]);
    });
  }
  return accepted;
}

}  // namespace safetensors
