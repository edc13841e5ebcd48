// File systems that a test mounts from an image of its own.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "scratch.h"

namespace faults {

struct FileSystem {
  const char* name;
  const char* mount;  // the command that mounts it on "mounted"
};

// Mounted while it exists, and seen by this process alone.
class Mount {
 public:
  explicit Mount(const FileSystem& file_system) {
    scratch_enter();
    scratch_clear();
    ::umask(022);
    static const bool has_namespace =
        ::unshare(CLONE_NEWNS) == 0 &&
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (!has_namespace) return;
    const std::string command = std::string("(mkdir mounted && truncate -s 400M image && ") +
                                file_system.mount + ") >log 2>&1";
    mounted_ = std::system(command.c_str()) == 0;
  }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  ~Mount() {
    for (const char* place : {"mounted", "lower"})
      ::umount2(place, MNT_DETACH);
    scratch_clear();
  }
  bool is_mounted() const { return mounted_; }

 private:
  bool mounted_ = false;
};

// Bytes in use, once everything is allocated: many file systems do that late. The st_blocks of a
// compressed file do not tell how much it takes.
inline std::uint64_t bytes_in_use() {
  struct statvfs status;
  const int directory = ::open("mounted", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool found =
      directory >= 0 && ::syncfs(directory) == 0 && ::fstatvfs(directory, &status) == 0;
  ::close(directory);
  if (!found) std::abort();
  return (status.f_blocks - status.f_bfree) * status.f_frsize;
}

}  // namespace faults
