// Writes a temporary file and renames it to the target.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/platform.h"
#include "io/posix/direct_write.h"
#include "io/posix/save_path.h"

namespace st {

// Written beside the target, without a name where the file system can do that, so that even a
// process that is killed leaves nothing. On file systems that cannot, the name is `.st-` and 16
// random hexadecimal digits.
class PosixAtomicFile final : public AtomicFile {
 public:
  PosixAtomicFile(SavePath target, const FileOptions& options, std::uint64_t size);
  ~PosixAtomicFile() override;

  void write(std::span<const std::span<const std::byte>> pieces) override;
  void commit() override;

 private:
  void create();
  void preallocate(std::uint64_t size);
  bool link_as(const std::string& name) const;
  bool link_as_target();  // false if there is one already
  void link_as_temporary();
  void remove_temporary() noexcept;

  SavePath target_;
  FileDescriptor file_;
  bool durable_;
  std::uint64_t written_ = 0;
  std::optional<DirectWrite> direct_;  // while the page cache is passed by
  std::string temporary_name_;         // empty while the file has none
  std::vector<iovec> pieces_;          // of the write that is running
};

}  // namespace st
