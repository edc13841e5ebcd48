// A rename of components of a name: "h.{}.attn" to "layers.{}.attention".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace safetensors {

// Components are separated by dots. "{}" stands for one or more characters of a component other
// than dots, at most once per component.
class ComponentRule {
 public:
  // Throws Error ST_E_INVALID_ARGUMENT if a component has "{}" twice, if `from` is empty, or if the
  // two have different numbers of "{}".
  ComponentRule(const std::string& from, const std::string& to);

  // Returns the name with every occurrence of `from` replaced, from left to right.
  std::string replace_in(std::string_view name) const;

 private:
  // A component: text, or the text before and after "{}".
  struct Component {
    std::string before;
    std::string after;
    bool has_wildcard;
  };

  static std::vector<Component> parse(const std::string& text);

  // Appends the text that each "{}" stands for. Returns whether the components match.
  bool match(const std::vector<std::string_view>& name, std::size_t begin,
             std::vector<std::string_view>& values) const;

  std::vector<Component> from_;
  std::vector<Component> to_;
};

}  // namespace safetensors
