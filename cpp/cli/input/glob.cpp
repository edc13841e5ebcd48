#include "cli/input/glob.h"

#include <algorithm>

#include "cli/exit_code.h"
#include "names/characters.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::size_t most_alternatives = 1000;

char32_t take_character(std::string_view& text) {
  const auto [code, nbytes] = decode_utf8(text);
  const char32_t character = nbytes == 0 ? static_cast<unsigned char>(text[0]) : code;
  text.remove_prefix(nbytes == 0 ? 1 : nbytes);
  return character;
}

// The end of the set "[...]" that a pattern begins with; npos if it is not closed.
std::size_t set_end(std::string_view pattern) {
  std::size_t at = 1;
  if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
  return pattern.find(']', at + 1);  // a ']' that comes first belongs to the set
}

bool set_matches(std::string_view set, char32_t character) {
  const bool is_negated = !set.empty() && (set[0] == '!' || set[0] == '^');
  if (is_negated) set.remove_prefix(1);
  bool is_member = false;
  while (!set.empty()) {
    const char32_t first = take_character(set);
    char32_t last = first;
    if (set.size() > 1 && set[0] == '-') {
      set.remove_prefix(1);
      last = take_character(set);
    }
    is_member |= first <= character && character <= last;
  }
  return is_member != is_negated;
}

// Matches one character of the name against the first element of the pattern, which is not '*', and
// removes both.
bool take_match(std::string_view& pattern, std::string_view& name) {
  const char32_t character = take_character(name);
  if (pattern[0] == '?') {
    pattern.remove_prefix(1);
    return true;
  }
  if (pattern[0] == '[')
    if (const std::size_t end = set_end(pattern); end != std::string_view::npos) {
      const std::string_view set = pattern.substr(1, end - 1);
      pattern.remove_prefix(end + 1);
      return set_matches(set, character);
    }
  if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  return take_character(pattern) == character;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view name) {
  // Where to continue if a match fails: the last '*' takes one character more.
  std::string_view star_pattern, star_name;
  bool has_star = false;
  while (true) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      star_pattern = pattern;
      star_name = name;
      has_star = true;
      continue;
    }
    if (pattern.empty() && name.empty()) return true;
    if (!pattern.empty() && !name.empty() && take_match(pattern, name)) continue;
    if (!has_star || star_name.empty()) return false;
    take_character(star_name);
    pattern = star_pattern;
    name = star_name;
  }
}

bool is_glob(std::string_view pattern) {
  return pattern.find_first_of("*?[{\\") != std::string_view::npos;
}

std::vector<std::string> expand_braces(std::string_view pattern) {
  const std::size_t open = pattern.find('{');
  const std::size_t close = pattern.find('}', open);
  if (open == std::string_view::npos || close == std::string_view::npos)
    return {std::string(pattern)};
  std::vector<std::string> all;
  std::string_view items = pattern.substr(open + 1, close - open - 1);
  const std::vector<std::string> tails = expand_braces(pattern.substr(close + 1));
  while (true) {
    const std::size_t comma = std::min(items.find(','), items.size());
    for (const std::string& tail : tails) {
      all.push_back(std::string(pattern.substr(0, open)) + std::string(items.substr(0, comma)) +
                    tail);
      if (all.size() > most_alternatives)
        throw UsageError("the pattern " + quote(pattern) + " has more than " +
                         std::to_string(most_alternatives) + " alternatives");
    }
    if (comma == items.size()) return all;
    items.remove_prefix(comma + 1);
  }
}

}  // namespace safetensors::cli
