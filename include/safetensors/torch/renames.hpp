// Other names for the tensors of a file.
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

// How names become other names: from those in the file to the program's when loading, from the
// program's to those in the file when saving.
//
//   Renames({{"lm_head.weight", "head.weight"}})          // exactly this name
//       .strip_prefix("bert.")                            // "bert.fc.bias" -> "fc.bias"
//       .add_prefix("model.")                             // "fc.bias" -> "model.fc.bias"
//       .regex("layers\\.(\\d+)\\.fc", "block$1.linear")  // every match
//
// A name that an exact rule names gets its new name and is done. Any other goes through the rest of
// the rules in the order in which they were added, each rule seeing what the one before made of it.
// Two names that become one are refused where the renames are used (Error ST_E_DUPLICATE).
class Renames {
 public:
  Renames() = default;
  Renames(std::initializer_list<std::pair<std::string, std::string>> exact) {
    for (const auto& [from, to] : exact)
      this->exact(from, to);
  }

  // This one name becomes `to`. A second rule for the same name replaces the first.
  ST_TORCH_API Renames& exact(std::string from, std::string to);

  // Names that begin with `prefix` lose it; others stay.
  ST_TORCH_API Renames& strip_prefix(std::string prefix);

  // Every name gets `prefix` before it.
  ST_TORCH_API Renames& add_prefix(std::string prefix);

  // Names that begin with `from` begin with `to` instead; others stay.
  ST_TORCH_API Renames& replace_prefix(std::string from, std::string to);

  // Every match of `pattern` (ECMAScript, as std::regex has it: of bytes, so that "." is one byte
  // of a letter beyond ASCII, and brackets hold ASCII only) becomes `replacement`, in which $1 is
  // the first group and $& the match. Throws Error ST_E_INVALID_ARGUMENT for a pattern that is
  // none. Names longer than 4,096 bytes are refused where the rule is used (ST_E_UNSUPPORTED).
  ST_TORCH_API Renames& regex(std::string pattern, std::string replacement);

  // The renames that undo these, to save in a file's own names what was loaded with renames.
  // Prefixes that were stripped are added to every name. Throws Error ST_E_UNSUPPORTED if there is
  // a regular expression, and ST_E_DUPLICATE if two exact rules have the same result.
  ST_TORCH_API Renames inverse() const;

  // What `name` becomes.
  ST_TORCH_API std::string apply(std::string_view name) const;

  bool empty() const noexcept { return exact_.empty() && rules_.empty(); }

 private:
  friend class NameTranslation;
  enum class Kind : std::uint8_t { prefix, regex };
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
