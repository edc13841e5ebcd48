#include "cli/check/check_set.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>

#include "cli/check/check_file.h"
#include "cli/check/check_index.h"
#include "cli/input/shard_number.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t most_numbers = 100'000;

// The header of a valid shard, sorted by name.
struct CheckedShard {
  std::vector<std::pair<std::string, std::uint64_t>> tensors;  // name and bytes

  const std::uint64_t* find(const std::string& name) const {
    const auto found = std::lower_bound(
        tensors.begin(), tensors.end(), name,
        [](const auto& tensor, const std::string& wanted) { return tensor.first < wanted; });
    return found != tensors.end() && found->first == name ? &found->second : nullptr;
  }
};

class SetChecker {
 public:
  SetChecker(const ModelFiles& files, Findings& findings) : files_(files), findings_(findings) {}

  void check_index(const std::string& name);
  void check_without_index();
  void check_numbers(const std::set<std::string>& names);
  void check_strays();
  void check_directory();

  CheckedTotals totals;

 private:
  // The header of a shard; nullptr if it is damaged, which is a finding then.
  const CheckedShard* shard(const std::string& name);
  void compare(const std::string& index_name, const RawIndex& index);
  void add_missing(const std::string& shard, const std::vector<std::string>& names);
  std::string other_shard_with(const std::string& tensor, const std::string& except) const;

  const ModelFiles& files_;
  Findings& findings_;
  std::map<std::string, std::optional<CheckedShard>> shards_;
  std::set<std::string> listed_;  // shards that an index names
};

const CheckedShard* SetChecker::shard(const std::string& name) {
  auto found = shards_.find(name);
  if (found == shards_.end()) {
    found = shards_.emplace(name, std::nullopt).first;
    totals.names.insert(name);
    if (const auto file = check_file(files_.path(name), name, findings_)) {
      ++totals.files;
      found->second.emplace();
      for (const TensorInfo& tensor : file->tensors(Order::Name))
        found->second->tensors.emplace_back(tensor.name, tensor.nbytes);
    }
  }
  return found->second ? &*found->second : nullptr;
}

std::string SetChecker::other_shard_with(const std::string& tensor,
                                         const std::string& except) const {
  for (const auto& [name, shard] : shards_)
    if (name != except && shard && shard->find(tensor)) return name;
  return {};
}

void SetChecker::add_missing(const std::string& shard, const std::vector<std::string>& names) {
  std::map<std::string, std::vector<std::string>> found_in;
  for (const std::string& name : names)
    found_in[other_shard_with(name, shard)].push_back(name);
  for (const auto& [other, tensors] : found_in) {
    const std::string lacks = "lacks " + counted(tensors.size(), "tensor") +
                              " that the index assigns to it: " + some_names(tensors);
    if (other.empty())
      findings_.fault("missing_tensor", shard, lacks,
                      "Download this file and the index again, from one revision");
    else
      findings_.fault("misplaced_tensor", shard, lacks + "; found in " + quote(other),
                      "safetensors reindex writes an index for the files");
  }
}

void SetChecker::compare(const std::string& index_name, const RawIndex& index) {
  std::uint64_t nbytes = 0;
  bool is_complete = true;
  for (const auto& [name, tensors] : index.tensors_of) {
    const auto found = shards_.find(name);
    if (found == shards_.end() || !found->second) {
      is_complete = false;
      continue;
    }
    std::vector<std::string> missing, unlisted, copies;
    for (const std::string& tensor : tensors) {
      const std::uint64_t* const size = found->second->find(tensor);
      if (!size) missing.push_back(tensor);
      if (size) nbytes += *size;
    }
    for (const auto& [tensor, size] : found->second->tensors)
      if (!std::binary_search(tensors.begin(), tensors.end(), tensor))
        (index.has(tensor) ? copies : unlisted).push_back(tensor);
    is_complete &= missing.empty();
    totals.tensors += tensors.size() - missing.size();
    if (!missing.empty()) add_missing(name, missing);
    if (!unlisted.empty())
      findings_.warning("unlisted_tensor", name,
                        "has " + counted(unlisted.size(), "tensor") +
                            " that the index does not name: " + some_names(unlisted),
                        "Readers differ: safetensors reindex adds them");
    if (!copies.empty())
      findings_.warning("duplicate", name,
                        "has " + counted(copies.size(), "tensor") +
                            " that the index assigns to other files: " + some_names(copies),
                        "Some readers take these copies: safetensors merge removes them");
  }
  totals.nbytes += nbytes;
  if (is_complete && index.total_size && *index.total_size != nbytes)
    findings_.warning("total_size", index_name,
                      "its total_size is " + grouped(*index.total_size) + ", the tensors have " +
                          counted(nbytes, "byte"));
}

void SetChecker::check_index(const std::string& name) {
  const auto index = check_index_text(files_.path(name), name, findings_);
  totals.names.insert(name);
  if (!index) return check_without_index();
  std::set<std::string> names;
  for (const auto& [shard_name, tensors] : index->tensors_of) {
    names.insert(shard_name);
    listed_.insert(shard_name);
    std::error_code error;
    if (std::filesystem::symlink_status(files_.path(shard_name), error).type() ==
        std::filesystem::file_type::not_found)
      findings_.fault("missing_shard", shard_name,
                      "missing: the index assigns " + counted(tensors.size(), "tensor") + " to it",
                      "Download it");
    else
      shard(shard_name);
  }
  compare(name, *index);
  check_numbers(names);
  const std::string whole = whole_file_of(name);
  if (std::count(files_.tensors.begin(), files_.tensors.end(), whole) && !names.count(whole))
    findings_.fault(
        "ambiguous", whole,
        "a whole model beside the index " + quote(name) + ": readers choose differently",
        "Remove one of them, or name the one that is meant");
}

void SetChecker::check_without_index() {
  std::map<std::string, std::string> file_of;
  std::vector<std::string> duplicates;
  for (const std::string& name : files_.tensors) {
    const CheckedShard* const checked = shard(name);
    listed_.insert(name);
    if (!checked) continue;
    for (const auto& [tensor, nbytes] : checked->tensors) {
      if (!file_of.emplace(tensor, name).second) duplicates.push_back(tensor);
      ++totals.tensors;
      totals.nbytes += nbytes;
    }
  }
  if (!duplicates.empty())
    findings_.fault(
        "duplicate", "",
        counted(duplicates.size(), "tensor") + " in more than one file: " + some_names(duplicates),
        "If these are separate models, name one file");
  const std::set<std::string> names(files_.tensors.begin(), files_.tensors.end());
  check_numbers(names);
  if (names.size() > 1 && parse_shard_number(*names.begin()))
    findings_.warning("no_index", "", counted(names.size(), "file") + " without an index",
                      "safetensors reindex writes it");
}

void SetChecker::check_numbers(const std::set<std::string>& names) {
  // Numbers by the parts of the names that shards have in common.
  std::map<std::pair<std::string, std::string>, std::map<std::uint64_t, std::set<std::uint64_t>>>
      sets;
  std::map<std::pair<std::string, std::string>, ShardNumber> example;
  for (const std::string& name : names)
    if (const auto number = parse_shard_number(name)) {
      const auto key = std::pair(number->stem, number->suffix);
      sets[key][number->count].insert(number->number);
      example.emplace(key, *number);
    }
  for (const auto& [key, counts] : sets) {
    if (counts.size() > 1) {
      findings_.fault("mixed_sets", "",
                      "files of " + std::to_string(counts.size()) + " sets: " + quote(key.first) +
                          " with -of-" + std::to_string(counts.begin()->first) + " and -of-" +
                          std::to_string(counts.rbegin()->first),
                      "Remove the files of the old set");
      continue;
    }
    const auto& [count, numbers] = *counts.begin();
    std::vector<std::string> missing;
    ShardNumber shard = example.at(key);
    // Some writers count from 0.
    const std::uint64_t first = numbers.count(0) ? 0 : 1;
    for (std::uint64_t n = first; n < first + std::min(count, most_numbers); ++n)
      if (!numbers.count(n)) missing.push_back(with_number(shard, n));
    if (!missing.empty())
      findings_.fault("missing_number", "",
                      counted(missing.size(), "file") + " of " + std::to_string(count) +
                          " missing: " + some_names(missing),
                      "Download the missing files");
  }
}

void SetChecker::check_strays() {
  std::vector<std::string> strays;
  for (const std::string& name : files_.tensors)
    if (!listed_.count(name)) strays.push_back(name);
  for (const std::string& name : strays) {
    bool is_whole = false;
    for (const std::string& index : files_.indexes)
      is_whole |= whole_file_of(index) == name;
    if (!is_whole)
      findings_.warning("stray", name, "not named by the index",
                        "Programs that read all files of a directory read it too");
  }
}

void SetChecker::check_directory() {
  totals.names.insert(files_.tensors.begin(), files_.tensors.end());
  if (files_.indexes.size() > 1)
    findings_.fault("ambiguous", "", "more than one index: " + some_names(files_.indexes),
                    "Name the one that is meant");
  for (const std::string& index : files_.indexes)
    check_index(index);
  if (files_.indexes.empty())
    check_without_index();
  else
    check_strays();
  for (const std::string& name : files_.unfinished)
    findings_.warning("unfinished", name, "left by an interrupted download or save",
                      "Resume it or remove the file");
}

}  // namespace

CheckedTotals check_set(const ModelFiles& files, const std::string& index, Findings& findings) {
  SetChecker checker(files, findings);
  if (index.empty())
    checker.check_directory();
  else
    checker.check_index(index);
  return checker.totals;
}

}  // namespace safetensors::cli
