// Files by their names in an open directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "format/set_journal.h"
#include "io/posix/file_descriptor.h"

namespace st {

// Of the file or symbolic link. Nothing if it does not exist. Throws for other failures.
std::optional<FileStamp> find_file(int directory, const std::string& name);

// The content of a regular file, following symbolic links. Nothing if it does not exist, empty if
// it has more than `max_size` bytes.
std::optional<std::string> read_whole_file(int directory, const std::string& name,
                                           std::uint64_t max_size);

// Returns whether the file does not exist any more.
bool remove_file(int directory, const std::string& name) noexcept;

// The names in the directory but "." and "..". Throws std::bad_alloc, and Code::io or others.
std::vector<std::string> names_in(int directory);

}  // namespace st
