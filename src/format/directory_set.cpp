#include "format/directory_set.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "error.h"

namespace st {
namespace {

constexpr std::string_view extension = ".safetensors";
constexpr std::string_view index_part = ".index";
constexpr std::string_view json = ".json";

bool has_extension(std::string_view name) noexcept {
  return name.size() > extension.size() && name.ends_with(extension) && name[0] != '.';
}

struct IndexName {
  std::string_view stem;     // "model" of "model.safetensors.index.fp16.json"
  std::string_view variant;  // "fp16"
};

// Returns whether `name` is that of an index.
bool split_index_name(std::string_view name, IndexName* parts) noexcept {
  if (name.empty() || name[0] == '.' || !name.ends_with(json)) return false;
  name.remove_suffix(json.size());
  const std::size_t at = name.rfind(index_part);
  if (at == name.npos || at == 0) return false;
  std::string_view variant = name.substr(at + index_part.size());
  if (!variant.empty()) {
    if (variant[0] != '.' || variant.size() == 1) return false;
    variant.remove_prefix(1);
  }
  std::string_view stem = name.substr(0, at);
  if (has_extension(stem)) {
    stem.remove_suffix(extension.size());
  } else if (stem.find('.') != stem.npos) {
    return false;
  }
  *parts = {stem, variant};
  return true;
}

bool all_of(std::string_view text, std::string_view allowed) noexcept {
  return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

// "-00001-of-00002" at the end: its length, or 0.
std::size_t shard_suffix_length(std::string_view text) noexcept {
  constexpr std::string_view digits = "0123456789", of = "-of-";
  constexpr std::size_t least_digits = 5;
  const std::size_t middle = text.rfind(of);
  if (middle == text.npos) return 0;
  const std::string_view total = text.substr(middle + of.size());
  const std::size_t dash = text.rfind('-', middle - 1);
  if (middle == 0 || dash == text.npos || dash == 0) return 0;
  const std::string_view number = text.substr(dash + 1, middle - dash - 1);
  const bool numbered = all_of(number, digits) && all_of(total, digits) &&
                        number.size() >= least_digits && total.size() >= least_digits;
  return numbered ? text.size() - dash : 0;
}

}  // namespace

bool is_index_path(std::string_view path) noexcept {
  return path.ends_with(json);
}

bool is_index_name(std::string_view name) noexcept {
  IndexName parts;
  return split_index_name(name, &parts);
}

std::string whole_file_of_index(std::string_view index_name) {
  IndexName parts;
  if (!split_index_name(index_name, &parts)) return {};
  std::string name(parts.stem);
  if (!parts.variant.empty()) name.append(".").append(parts.variant);
  return name.append(extension);
}

std::string whole_file_of_shard(std::string_view shard_name) {
  constexpr std::size_t generation_digits = 8;
  if (!has_extension(shard_name)) return {};
  std::string_view stem = shard_name.substr(0, shard_name.size() - extension.size());
  std::size_t suffix = shard_suffix_length(stem);
  const std::size_t dot = stem.rfind('.');
  if (suffix == 0 && dot != stem.npos && stem.size() - dot - 1 == generation_digits &&
      all_of(stem.substr(dot + 1), "0123456789abcdef")) {
    stem = stem.substr(0, dot);
    suffix = shard_suffix_length(stem);
  }
  if (suffix == 0) return {};
  return std::string(stem.substr(0, stem.size() - suffix)).append(extension);
}

std::vector<std::string> index_names_of_shard(std::string_view shard_name) {
  const std::string whole = whole_file_of_shard(shard_name);
  if (whole.empty()) return {};
  std::vector<std::string> names = {whole + ".index.json"};
  const std::string_view stem = std::string_view(whole).substr(0, whole.size() - extension.size());
  const std::size_t dot = stem.rfind('.');
  if (dot != stem.npos && dot > 0) {
    std::string name(stem.substr(0, dot));
    name.append(extension).append(index_part).append(stem.substr(dot)).append(json);
    names.push_back(std::move(name));
  }
  return names;
}

bool belongs_to_set(std::string_view name) noexcept {
  return is_index_name(name) || has_extension(name);
}

void throw_ambiguous(std::string_view directory, std::string_view first, std::string_view second) {
  throw Error(Code::set_ambiguous, Message() << "the directory " << Quoted{directory}
                                             << " has both " << Quoted{first} << " and "
                                             << Quoted{second} << ": open one of them by its path");
}

SetFiles choose_set(const std::vector<std::string>& names, std::string_view directory) {
  SetFiles set;
  for (const std::string& name : names) {
    if (is_index_name(name)) {
      // A directory that changes while it is listed may list an entry twice.
      if (!set.index.empty() && set.index != name) throw_ambiguous(directory, set.index, name);
      set.index = name;
    } else if (has_extension(name)) {
      set.files.push_back(name);
    }
  }
  std::sort(set.files.begin(), set.files.end());
  set.files.erase(std::unique(set.files.begin(), set.files.end()), set.files.end());
  const auto exists = [&set](const std::string& name) {
    return std::binary_search(set.files.begin(), set.files.end(), name);
  };
  if (!set.index.empty()) {
    std::string whole = whole_file_of_index(set.index);
    if (exists(whole)) set.whole = std::move(whole);
    set.files.clear();
    return set;
  }
  if (set.files.empty()) {
    throw Error(Code::not_found, Message() << "the directory " << Quoted{directory}
                                           << " has neither an index nor a .safetensors file");
  }
  for (const std::string& name : set.files) {
    const std::string whole = whole_file_of_shard(name);
    if (!whole.empty() && exists(whole)) throw_ambiguous(directory, whole, name);
  }
  return set;
}

}  // namespace st
