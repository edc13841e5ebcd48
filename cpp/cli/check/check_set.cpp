#include "cli/check/check_set.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>

#include "cli/check/check_file.h"
#include "cli/check/check_index.h"
#include "cli/check/check_numbers.h"
#include "cli/check/checked_shard.h"
#include "cli/check/other_files.h"
#include "cli/input/shard_number.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

class SetChecker {
 public:
  SetChecker(const ModelFiles& files, Findings& findings) : files_(files), findings_(findings) {}

  void check_index(const std::string& name);
  void check_without_index();
  void check_strays();
  void check_directory();

  CheckedTotals totals;

 private:
  // The tensors of a shard; nullptr if its header cannot be read, which is a finding then.
  const CheckedShard* shard(const std::string& name);
  void compare(const std::string& index_name, const RawIndex& index);
  bool add_stale(const std::string& index_name, const RawIndex& index);
  void add_missing_shard(const std::string& shard, std::uint64_t tensors);
  void add_missing(const std::string& shard, const std::vector<std::string>& names);
  void add_copies(const std::string& shard, const std::vector<std::string>& names,
                  const RawIndex& index);
  std::string other_shard_with(const std::string& tensor, const std::string& except) const;

  const ModelFiles& files_;
  Findings& findings_;
  std::map<std::string, std::optional<CheckedShard>> shards_;
  std::set<std::string> listed_;  // shards that an index names
  bool has_broken_index_ = false;
};

const CheckedShard* SetChecker::shard(const std::string& name) {
  auto found = shards_.find(name);
  if (found == shards_.end()) {
    found = shards_.emplace(name, std::nullopt).first;
    totals.names.insert(name);
    const auto file = check_file(files_.path(name), name, findings_);
    totals.files += file.has_value();
    found->second = file ? valid_shard(*file) : damaged_shard(files_.path(name));
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
                      "safetensors reindex --force writes an index for the files");
  }
}

// Copies of tensors that the index assigns to other files.
void SetChecker::add_copies(const std::string& shard, const std::vector<std::string>& names,
                            const RawIndex& index) {
  std::vector<std::string> same = names;
  for (const auto& [owner, tensors] : index.tensors_of) {
    const auto found = shards_.find(owner);
    const bool are_valid = found != shards_.end() && found->second && found->second->is_valid &&
                           shards_.at(shard)->is_valid;
    if (!are_valid) continue;
    std::vector<std::string> owned;
    std::set_intersection(names.begin(), names.end(), tensors.begin(), tensors.end(),
                          std::back_inserter(owned));
    if (owned.empty()) continue;
    const std::vector<std::string> different =
        different_tensors(files_.path(shard), files_.path(owner), owned);
    if (different.empty()) continue;
    findings_.fault("duplicate", shard,
                    "has other values than " + quote(owner) + " of " +
                        counted(different.size(), "tensor") +
                        " that the index assigns to that file: " + some_names(different),
                    "Readers take either of them: download the model again, from one revision",
                    true);  // repair takes the one that the index names
    same.erase(std::remove_if(same.begin(), same.end(),
                              [&](const std::string& name) {
                                return std::binary_search(different.begin(), different.end(), name);
                              }),
               same.end());
  }
  if (!same.empty())
    findings_.warning("duplicate", shard,
                      "has " + counted(same.size(), "tensor") +
                          " that the index assigns to other files: " + some_names(same),
                      "Some readers take these copies: safetensors merge removes them");
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
      if (size && found->second->is_valid) nbytes += *size;
    }
    for (const auto& [tensor, size] : found->second->tensors)
      if (!std::binary_search(tensors.begin(), tensors.end(), tensor))
        (index.has(tensor) ? copies : unlisted).push_back(tensor);
    is_complete &= missing.empty() && found->second->is_valid;
    if (found->second->is_valid) totals.tensors += tensors.size() - missing.size();
    if (!missing.empty()) add_missing(name, missing);
    if (!unlisted.empty())
      findings_.warning("unlisted_tensor", name,
                        "has " + counted(unlisted.size(), "tensor") +
                            " that the index does not name: " + some_names(unlisted),
                        "Readers differ: safetensors reindex --force adds them");
    if (!copies.empty()) add_copies(name, copies, index);
  }
  totals.nbytes += nbytes;
  if (is_complete && index.total_size && *index.total_size != nbytes)
    findings_.warning("total_size", index_name,
                      "its total_size is " + grouped(*index.total_size) + ", the tensors have " +
                          counted(nbytes, "byte"));
}

// Adds a fault and returns true if other files have all tensors of an index whose files are
// missing.
bool SetChecker::add_stale(const std::string& index_name, const RawIndex& index) {
  for (const std::string& other : files_.tensors)
    shard(other);
  for (const auto& [name, tensors] : index.tensors_of)
    for (const std::string& tensor : tensors)
      if (other_shard_with(tensor, name).empty()) return false;
  findings_.fault(
      "missing_shard", index_name,
      "all " + counted(index.tensors_of.size(), "file") +
          " that it names are missing, and other files have its tensors: it is the index of "
          "other files",
      "safetensors reindex --force writes a new one");
  listed_.insert(files_.tensors.begin(), files_.tensors.end());
  return true;
}

void SetChecker::add_missing_shard(const std::string& shard, std::uint64_t tensors) {
  const std::string renamed = find_renamed(files_.directory, shard);
  findings_.fault("missing_shard", shard,
                  "missing: the index assigns " + counted(tensors, "tensor") + " to it",
                  renamed.empty() ? "Download it" : "Rename " + quote(renamed) + " to this name");
}

void SetChecker::check_index(const std::string& name) {
  const auto index = check_index_text(files_.path(name), name, findings_);
  totals.names.insert(name);
  if (!index) {
    has_broken_index_ = true;
    return check_without_index();
  }
  std::set<std::string> names, missing;
  for (const auto& [shard_name, tensors] : index->tensors_of) {
    names.insert(shard_name);
    std::error_code error;
    if (std::filesystem::symlink_status(files_.path(shard_name), error).type() ==
        std::filesystem::file_type::not_found)
      missing.insert(shard_name);
    else
      shard(shard_name);
  }
  listed_.insert(names.begin(), names.end());
  if (!missing.empty() && missing.size() == names.size() && add_stale(name, *index)) return;
  for (const std::string& shard_name : missing)
    add_missing_shard(shard_name, index->tensors_of.at(shard_name).size());
  compare(name, *index);
  check_shard_numbers(names, findings_);
}

void SetChecker::check_without_index() {
  std::map<std::string, std::string> file_of;
  std::vector<std::string> duplicates;
  bool is_distributed = false;
  for (const std::string& name : files_.tensors) {
    const CheckedShard* const checked = shard(name);
    listed_.insert(name);
    if (!checked) continue;
    is_distributed |= checked->is_distributed;
    for (const auto& [tensor, nbytes] : checked->tensors) {
      if (!file_of.emplace(tensor, name).second) duplicates.push_back(tensor);
      if (!checked->is_valid) continue;
      ++totals.tensors;
      totals.nbytes += nbytes;
    }
  }
  if (is_distributed && files_.tensors.size() > 1)
    return findings_.fault("distributed", "",
                           "a distributed checkpoint, whose files have parts of tensors",
                           "safetensors consolidate writes a model");
  if (!duplicates.empty())
    findings_.fault(
        "duplicate", "",
        counted(duplicates.size(), "tensor") + " in more than one file: " + some_names(duplicates),
        "If these are separate models, name one file");
  const std::set<std::string> names(files_.tensors.begin(), files_.tensors.end());
  check_shard_numbers(names, findings_);
  if (names.size() < 2) return;
  const bool are_numbered = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return parse_shard_number(name).has_value();
  });
  if (!are_numbered)
    findings_.warning(
        "ambiguous", "",
        counted(names.size(), "file") +
            " without an index, not all of them numbered as parts: readers take them as one model",
        "If these are separate models, name one file; if not, safetensors reindex writes the "
        "index");
  else if (!has_broken_index_)
    findings_.warning("no_index", "", counted(names.size(), "file") + " without an index",
                      "safetensors reindex writes it");
}

void SetChecker::check_strays() {
  for (const std::string& name : files_.tensors) {
    if (listed_.count(name)) continue;
    const auto index =
        std::find_if(files_.indexes.begin(), files_.indexes.end(),
                     [&](const std::string& other) { return whole_file_of(other) == name; });
    if (index != files_.indexes.end())
      findings_.fault(
          "ambiguous", name,
          "a whole model beside the index " + quote(*index) + ": readers choose differently",
          "Remove one of them, or name the one that is meant");
    else
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
    if (!std::count(files_.tensors.begin(), files_.tensors.end(), finished_name(name)))
      findings_.warning("unfinished", name, "left by an interrupted download or save",
                        "Resume it or remove the file");
  for (const std::string& name : files_.resources)
    findings_.warning("resource_file", name, "a resource file of macOS, which is not a model",
                      "Remove it");
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
