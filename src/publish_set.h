// Publishes the staged files of a set.
//
// Shards are renamed to names that do not exist in the directory, then the index is renamed over
// the old one. That rename commits: a reader that follows the index gets the complete old or the
// complete new set. Then the files that only the old index names are removed. A set of one shard
// has no index: the rename of its file commits.
//
// Before the first rename a journal is written to the staging directory. If the process is killed,
// the next publication undoes what precedes the commit, or completes what follows it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "format/set_names.h"
#include "io/set_directory.h"

namespace st {

struct StagedSet {
  SetName name;
  std::vector<std::string> staged;  // names in the staging directory, in the order of the shards
  // The text of the index that names the shards like this. Not called for one shard.
  std::function<std::string(const std::vector<std::string>& names)> index;
};

// On failure the old set is unchanged, unless the message says otherwise.
void publish_set(SetDirectory* directory, StagingDirectory* staging, const StagedSet& set);

// Completes or undoes the publications of killed processes, and removes their staging directories.
void recover_sets(SetDirectory* directory, const std::string& index);

// The same for a resumable staging directory that was opened. The caller holds the directory's
// lock.
void recover_staging(SetDirectory* directory, StagingDirectory* staging, const std::string& index);

}  // namespace st
