// Names of temporary files beside a target, and the removal of those that killed saves left.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "io/posix/file_descriptor.h"

namespace st {

// 16 digits.
std::string hexadecimal(std::uint64_t number);

// .st-HASH: what the names of temporary files of a save to `target` begin with.
std::string temporary_prefix(std::string_view target);

// A save holds flock() on its temporary file as long as it runs, so that the lock of one that a
// killed save left is free. A file system without flock() keeps what killed saves left.
//
//   .st-HASH           the temporary file, HASH: 16 hexadecimal digits from the target's name
//   .st-HASH-RANDOM    that of a save that found the first name in use by another save
//   .st-HASH-rivals    exists as long as there may be such files. Each of those saves holds the
//                      shared lock; under the exclusive lock no such save runs
//   .st-HASH-RANDOM-unlocked
//                      that of a save for which flock() failed: never removed by others
//   .st-HASH-trash     a file about to be removed. A file is renamed to it before its lock is
//                      released, and nobody opens or locks it: any save may remove it at any time
class TemporaryNames {
 public:
  // `directory` stays the caller's.
  TemporaryNames(int directory, const std::string& target);
  TemporaryNames(const TemporaryNames&) = delete;
  TemporaryNames& operator=(const TemporaryNames&) = delete;
  ~TemporaryNames();

  // Removes the temporary files that killed saves to the target left.
  void remove_leftovers() noexcept;

  // Tries names with `create`, which returns false with errno EEXIST if the name is in use. Returns
  // the name that it created, or nothing with errno.
  std::optional<std::string> claim(const std::function<bool(const std::string&)>& create);

  // Locks a file that has no name yet.
  void lock(const FileDescriptor& file) noexcept;

  // Locks a file that was just created as `name`. False, with errno EEXIST, if the save needs
  // another name: another save took the file for one that a killed save left, or flock() failed.
  bool lock_created(const FileDescriptor& file, const std::string& name) noexcept;

  // Removes `name`, which `file` has. FUSE file systems rename what is removed while it is open:
  // the file is closed first.
  void remove(const char* name, FileDescriptor file) noexcept;

 private:
  enum class Leftover { removed, in_use, unknown };

  Leftover remove_leftover(const char* name) noexcept;
  void join_rivals() noexcept;
  void remove_rivals(FileDescriptor rivals) noexcept;
  bool remove_rival_files() noexcept;

  int directory_;
  std::string first_, rivals_name_, trash_;
  FileDescriptor rivals_;    // with the shared lock, if this save uses a random name
  bool can_lock_ = true;     // flock() has not failed
  bool lost_first_ = false;  // the file that was created as first_ may still be there
};

}  // namespace st
