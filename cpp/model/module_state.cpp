#include "model/module_state.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace safetensors {

namespace {

// An unexpected name, and the module that load_state_dict() in Python reports it for.
struct UnexpectedName {
  std::size_t level;
  bool is_extra_state;
  const std::string* name;
};

class LevelIndex {
 public:
  explicit LevelIndex(const std::vector<ModuleLevel>& levels) : levels_(levels) {
    for (std::size_t i = 0; i < levels.size(); ++i)
      level_of_.emplace(levels[i].prefix, i);
  }

  // Returns nullopt if a module has the tensor. The name is resolved one submodule at a time.
  std::optional<UnexpectedName> unexpected(const std::string& name) const {
    std::size_t level = 0;
    for (std::size_t begin = 0;;) {
      const std::size_t dot = name.find('.', begin);
      if (dot == std::string::npos) {
        const std::string own = name.substr(begin);
        if (levels_[level].tensors.contains(own)) return std::nullopt;
        return UnexpectedName{level, own == "_extra_state", &name};
      }
      if (!levels_[level].children.contains(name.substr(begin, dot - begin)))
        return UnexpectedName{level, false, &name};
      begin = dot + 1;
      level = level_of_.at(std::string_view(name).substr(0, begin));
    }
  }

 private:
  const std::vector<ModuleLevel>& levels_;
  std::unordered_map<std::string_view, std::size_t> level_of_;
};

}  // namespace

std::vector<std::string> unexpected_names(const ModuleState& module,
                                          const std::vector<std::string>& names) {
  const LevelIndex index(module.levels);
  std::vector<UnexpectedName> found;
  for (const auto& name : names) {
    if (const auto one = index.unexpected(name)) found.push_back(*one);
  }
  std::stable_sort(
      found.begin(), found.end(), [](const UnexpectedName& a, const UnexpectedName& b) {
        return std::tuple(a.level, !a.is_extra_state) < std::tuple(b.level, !b.is_extra_state);
      });
  std::vector<std::string> unexpected;
  for (const auto& one : found)
    unexpected.push_back(*one.name);
  return unexpected;
}

}  // namespace safetensors
