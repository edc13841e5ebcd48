// Rules that rename tensors on load and on save.
#ifndef SAFETENSORS_TORCH_RENAMES_HPP
#define SAFETENSORS_TORCH_RENAMES_HPP

#include <safetensors/torch/export.hpp>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace safetensors {

// Maps file names to program names on load, and program names to file names on save.
//
//   Renames({{"lm_head.weight", "head.weight"}})          // exactly this name
//       .strip_prefix("bert.")                            // "bert.fc.bias" -> "fc.bias"
//       .add_prefix("model.")                             // "fc.bias" -> "model.fc.bias"
//       .replace("h.{}.attn", "layers.{}.attention")      // "h.0.attn.w" -> "layers.0.attention.w"
//       .regex("layers\\.(\\d+)\\.fc", "block$1.linear")  // every match
//
// An exact rule takes precedence: the other rules are not applied to its name. All other names pass
// through the other rules in the order in which these were added; each rule is applied to the
// result of the one before. Renames that map two names to one are rejected where they are
// used (Error ST_E_DUPLICATE).
class Renames {
 public:
  Renames() = default;
  Renames(std::initializer_list<std::pair<std::string, std::string>> exact) {
    for (const auto& [from, to] : exact)
      this->exact(from, to);
  }

  // Renames `from` to `to`. A second rule for the same name replaces the first.
  ST_TORCH_API Renames& exact(std::string from, std::string to);

  // Removes `prefix` from names that begin with it.
  ST_TORCH_API Renames& strip_prefix(std::string prefix);

  // Prepends `prefix` to every name.
  ST_TORCH_API Renames& add_prefix(std::string prefix);

  // Replaces the prefix `from` of names that begin with it with `to`.
  ST_TORCH_API Renames& replace_prefix(std::string from, std::string to);

  // Replaces every occurrence of the components `from`, in any part of a name, with the components
  // `to`. Components are separated by dots; "{}" stands for one or more characters of a component,
  // and in `to` for the same text: the first for the first. Throws Error ST_E_INVALID_ARGUMENT if
  // `from` is empty, if the numbers of "{}" differ, or if a component has two.
  ST_TORCH_API Renames& replace(std::string from, std::string to);

  // Replaces every match of `pattern` with `replacement`, in which $1 is the first group and $& the
  // match. The grammar is std::regex's ECMAScript over bytes: "." matches one byte of a multi-byte
  // character, and bracket expressions support only ASCII. Throws Error ST_E_INVALID_ARGUMENT for
  // an invalid pattern. Names longer than 1,024 bytes are rejected where the rule is used
  // (ST_E_UNSUPPORTED). Matching backtracks: a pattern such as "(a*)*b" may take very long.
  ST_TORCH_API Renames& regex(std::string pattern, std::string replacement);

  // The inverse renames, for saving with the original names after loading with renames. The inverse
  // of strip_prefix is add_prefix, which applies to every name; that of replace() swaps `from` and
  // `to`. Throws Error ST_E_UNSUPPORTED if there is a regex rule, or a replace() with an empty
  // `to`; ST_E_DUPLICATE if two exact rules have the same result.
  ST_TORCH_API Renames inverse() const;

  // The new name of `name`.
  ST_TORCH_API std::string apply(std::string_view name) const;

  bool empty() const noexcept { return exact_.empty() && rules_.empty(); }

 private:
  friend class CompiledRenames;
  enum class Kind : std::uint8_t { prefix, components, regex };
  struct Rule {
    Kind kind;
    std::string from;
    std::string to;
  };
  std::map<std::string, std::string, std::less<>> exact_;
  std::vector<Rule> rules_;
};

}  // namespace safetensors

#endif
