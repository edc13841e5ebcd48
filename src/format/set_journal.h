// The journal of a publication: what it changes in the directory of a set, so that a later save can
// finish the publication, or undo it, if its process was killed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace st {

// Tells whether a name still refers to the file that it referred to.
struct FileStamp {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_seconds = 0;
  std::int64_t modified_nanoseconds = 0;

  bool operator==(const FileStamp&) const = default;
};

struct SetJournal {
  struct NewFile {
    std::string staged;  // name in the staging directory
    std::string name;    // name in the set's directory
    FileStamp identity;
  };
  struct OldFile {
    std::string name;
    FileStamp identity;
  };

  // The file whose rename commits: until then it is in the staging directory.
  std::string commit;
  std::vector<NewFile> added;    // renamed before the commit
  std::vector<OldFile> removed;  // removed after the commit, in this order
};

std::string write_journal(const SetJournal& journal);

// Nothing if the text is not a complete journal, or has a name that could leave its directory.
std::optional<SetJournal> parse_journal(std::string_view text);

}  // namespace st
