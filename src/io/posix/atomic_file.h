// A file that takes the place of another in one step, or leaves no trace.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "io/posix/direct_write.h"
#include "io/posix/read_file.h"

namespace st {

// Where a path leads: symbolic links at its end are followed, so that they are written through.
struct Target {
  FileDescriptor folder;
  std::string name;                   // in the folder
  std::string path;                   // as the caller gave it, for messages
  std::optional<std::uint32_t> mode;  // permission bits of the regular file that is there
};

// Throws Code::not_regular where something else than a regular file is in the place.
Target find_target(const char* path);

// Written beside the target, without a name where the file system can do that, so that even a
// process that is killed leaves nothing. On file systems that cannot, the name is `.st-` and 16
// random hexadecimal digits.
class NewFile {
 public:
  // Room for `size` bytes is set aside. `mode` 0: the target's, or 0666 less the umask. `durable`:
  // the file and its folder are on the disk before commit returns; a failed fsync is an error.
  NewFile(Target target, std::uint32_t mode, std::uint64_t size, bool durable);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();  // removes what is not committed

  // Appends the pieces; changes `pieces`. Bytes that cannot be read (a mapping whose file was
  // shortened) are an error, not a signal.
  void write(std::span<iovec> pieces);

  // The file takes the target's place.
  void commit();

 private:
  void create();
  void set_aside(std::uint64_t size);
  bool link_as(const std::string& name) const;
  bool link_as_target();  // false if there is one already
  void link_as_temporary();
  void remove_temporary() noexcept;

  Target target_;
  FileDescriptor file_;
  bool durable_;
  std::uint64_t written_ = 0;
  std::optional<DirectWrite> direct_;  // while the page cache is passed by
  std::string temporary_name_;         // empty while the file has none
};

}  // namespace st
