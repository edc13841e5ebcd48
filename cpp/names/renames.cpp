#include <safetensors/safetensors.hpp>
#include <safetensors/torch/renames.hpp>
#include <utility>

#include "names/apply_renames.h"
#include "names/component_rule.h"
#include "names/name_pattern.h"
#include "names/quote.h"

namespace safetensors {

Renames& Renames::exact(std::string from, std::string to) {
  exact_.insert_or_assign(std::move(from), std::move(to));
  return *this;
}

Renames& Renames::strip_prefix(std::string prefix) {
  return replace_prefix(std::move(prefix), "");
}

Renames& Renames::add_prefix(std::string prefix) {
  return replace_prefix("", std::move(prefix));
}

Renames& Renames::replace_prefix(std::string from, std::string to) {
  rules_.push_back({Kind::prefix, std::move(from), std::move(to)});
  return *this;
}

Renames& Renames::replace(std::string from, std::string to) {
  static_cast<void>(ComponentRule(from, to));  // throws for an invalid rule
  rules_.push_back({Kind::components, std::move(from), std::move(to)});
  return *this;
}

Renames& Renames::regex(std::string pattern, std::string replacement) {
  static_cast<void>(NamePattern(pattern));  // throws for an invalid pattern
  rules_.push_back({Kind::regex, std::move(pattern), std::move(replacement)});
  return *this;
}

Renames Renames::inverse() const {
  Renames inverse;
  for (const auto& [from, to] : exact_) {
    if (!inverse.exact_.emplace(to, from).second)
      throw Error(ST_E_DUPLICATE,
                  "the renames have no inverse: they map two names to " + quote(to));
  }
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->kind == Kind::regex)
      throw Error(
          ST_E_UNSUPPORTED,
          "the renames have no inverse: they contain the regular expression " + quote(rule->from));
    if (rule->kind == Kind::components) {
      if (rule->to.empty())
        throw Error(ST_E_UNSUPPORTED,
                    "the renames have no inverse: they remove the components " + quote(rule->from));
      inverse.replace(rule->to, rule->from);
    } else {
      inverse.replace_prefix(rule->to, rule->from);
    }
  }
  return inverse;
}

std::string Renames::apply(std::string_view name) const {
  return rename_each({name}, *this).front();
}

}  // namespace safetensors
