// Sets with distinct contents. A version has `value % 10` tensors of the same byte, each in a file
// of its own, so that a reader can tell a complete version.
#pragma once

#include <safetensors/safetensors.h>

#include <set>
#include <string>

namespace faults {

struct SetVersion {
  unsigned char value;  // its last digit is the number of files, 1 to 4; 1: without an index
  std::uint32_t durability = ST_DURABILITY_NONE;

  unsigned files() const { return value % 10u; }
};

// st_save_set to `directory`. Takes no memory of its own.
st_status save_set(const char* directory, const SetVersion& version, st_error* error);

// The same set with st_set_writer; a kept writer resumes the one before it.
st_status write_set(const char* directory, const SetVersion& version, st_error* error);
st_status write_kept_set(const char* directory, const SetVersion& version, st_error* error);

// The same set with st_set_stage and a save for each of its files. Takes no memory of its own.
st_status stage_set(const char* directory, const SetVersion& version, st_error* error);

// What a reader finds.
struct FoundSet {
  int by_index = absent;  // the version's value, if it follows the index
  int whole = absent;     // the version's value, if it opens the whole file

  static constexpr int absent = -1;
  static constexpr int broken = -2;  // not a complete version
};
FoundSet find_set(const std::string& directory);

// Whether the directory has this set and no other.
bool has_set(const std::string& directory, const SetVersion& version);

// Names of the files of the set in the directory: those that its index names and the index, and the
// whole file.
std::set<std::string> files_of_set(const std::string& directory);

}  // namespace faults
