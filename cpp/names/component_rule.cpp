#include "names/component_rule.h"

#include <algorithm>
#include <safetensors/safetensors.hpp>
#include <utility>

#include "names/quote.h"

namespace safetensors {

namespace {

constexpr std::string_view wildcard = "{}";

std::vector<std::string_view> split(std::string_view name) {
  std::vector<std::string_view> components;
  for (;;) {
    const std::size_t dot = name.find('.');
    components.push_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return components;
    name.remove_prefix(dot + 1);
  }
}

void append(std::string& name, std::string_view component, bool is_first) {
  if (!is_first) name += '.';
  name += component;
}

}  // namespace

std::vector<ComponentRule::Component> ComponentRule::parse(const std::string& text) {
  std::vector<Component> components;
  if (text.empty()) return components;
  for (const std::string_view component : split(text)) {
    const std::size_t found = component.find(wildcard);
    if (found == std::string_view::npos) {
      components.push_back({std::string(component), "", false});
      continue;
    }
    const std::string_view after = component.substr(found + wildcard.size());
    if (after.find(wildcard) != std::string_view::npos)
      throw Error(ST_E_INVALID_ARGUMENT,
                  "the component " + quote(component) + " of " + quote(text) + " has {} twice");
    components.push_back({std::string(component.substr(0, found)), std::string(after), true});
  }
  return components;
}

ComponentRule::ComponentRule(const std::string& from, const std::string& to)
    : from_(parse(from)), to_(parse(to)) {
  if (from_.empty())
    throw Error(ST_E_INVALID_ARGUMENT, "the components to be replaced with " + quote(to) +
                                           " are empty: add_prefix() adds components");
  const auto wildcards = [](const std::vector<Component>& components) {
    return std::count_if(components.begin(), components.end(),
                         [](const Component& component) { return component.has_wildcard; });
  };
  if (wildcards(from_) != wildcards(to_))
    throw Error(ST_E_INVALID_ARGUMENT,
                quote(from) + " and " + quote(to) + " have different numbers of {}");
}

bool ComponentRule::match(const std::vector<std::string_view>& name, std::size_t begin,
                          std::vector<std::string_view>& values) const {
  if (name.size() - begin < from_.size()) return false;
  values.clear();
  for (std::size_t i = 0; i < from_.size(); ++i) {
    const auto& [before, after, has_wildcard] = from_[i];
    std::string_view component = name[begin + i];
    if (!has_wildcard) {
      if (component != before) return false;
      continue;
    }
    if (component.size() <= before.size() + after.size() || !component.starts_with(before) ||
        !component.ends_with(after))
      return false;
    component.remove_prefix(before.size());
    component.remove_suffix(after.size());
    values.push_back(component);
  }
  return true;
}

std::string ComponentRule::replace_in(std::string_view name) const {
  const auto components = split(name);
  std::vector<std::string_view> values;
  std::string result;
  bool is_first = true;
  for (std::size_t i = 0; i < components.size();) {
    if (!match(components, i, values)) {
      append(result, components[i++], std::exchange(is_first, false));
      continue;
    }
    auto value = values.begin();
    for (const auto& [before, after, has_wildcard] : to_) {
      append(result, before, std::exchange(is_first, false));
      if (has_wildcard) (result += *value++) += after;
    }
    i += from_.size();
  }
  return result;
}

}  // namespace safetensors
