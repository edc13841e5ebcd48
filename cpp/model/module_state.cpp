#include "model/module_state.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace safetensors {

namespace {

// Where Python's load_state_dict would find a name unexpected.
struct Finding {
  std::size_t level;
  bool is_extra_state;
  const std::string* name;
};

class LevelFinder {
 public:
  explicit LevelFinder(const std::vector<ModuleLevel>& levels) : levels_(levels) {
    for (std::size_t i = 0; i < levels.size(); ++i)
      level_of_.emplace(levels[i].prefix, i);
  }

  // None where a module has the tensor. A module is asked for the part of the name behind its
  // prefix.
  std::optional<Finding> unexpected(const std::string& name) const {
    std::size_t level = 0;
    for (std::size_t begin = 0;;) {
      const std::size_t dot = name.find('.', begin);
      if (dot == std::string::npos) {
        const std::string own = name.substr(begin);
        if (levels_[level].tensors.contains(own)) return std::nullopt;
        return Finding{level, own == "_extra_state", &name};
      }
      if (!levels_[level].children.contains(name.substr(begin, dot - begin)))
        return Finding{level, false, &name};
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
  const LevelFinder finder(module.levels);
  std::vector<Finding> findings;
  for (const auto& name : names) {
    if (const auto finding = finder.unexpected(name)) findings.push_back(*finding);
  }
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tuple(a.level, !a.is_extra_state) < std::tuple(b.level, !b.is_extra_state);
  });
  std::vector<std::string> unexpected;
  for (const auto& finding : findings)
    unexpected.push_back(*finding.name);
  return unexpected;
}

}  // namespace safetensors
