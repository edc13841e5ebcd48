#include "replaced.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "error.h"
#include "format/directory_set.h"
#include "io/platform.h"

namespace st {
namespace {

enum class PathState { unchanged, missing, replaced };

// With `compares_time`, a modified file counts as another.
PathState state_of(const Source& source, bool compares_time) {
  const std::optional<FileIdentity> now = source.identify_path();
  if (!now) return PathState::missing;
  const FileIdentity opened = source.identity();
  const bool equal =
      compares_time ? *now == opened : now->device == opened.device && now->inode == opened.inode;
  return equal ? PathState::unchanged : PathState::replaced;
}

// A file that is not open may have been removed, and its inode number given to another file.
PathState state_of_data(const Source& source) {
  return state_of(source, source.descriptor() < 0);
}

// The first that was replaced decides.
PathState state_of_set(const SetParts& set) {
  PathState all = set.index ? state_of(*set.index, true) : PathState::unchanged;
  for (const Shard& shard : set.shards) {
    if (all == PathState::replaced) break;
    all = std::max(all, state_of_data(*shard.source));
  }
  return all;
}

// Whether the directory has an index or a file that it did not have.
bool has_others(const DirectoryFiles& before) {
  std::vector<std::string> names;
  try {
    names = open_directory(before.directory)->names();
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
  }
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return belongs_to_set(name) &&
           std::find(before.names.begin(), before.names.end(), name) == before.names.end();
  });
}

}  // namespace

bool is_replaced(const File& file) {
  const PathState state = file.set ? state_of_set(*file.set) : state_of_data(*file.source);
  if (state != PathState::missing) return state == PathState::replaced;
  return file.chosen_of && has_others(*file.chosen_of);
}

}  // namespace st
