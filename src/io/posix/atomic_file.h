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
#include "io/posix/temporary_names.h"

namespace st {

// The temporary file lies in the target's directory. It has no name (O_TMPFILE) until it is
// complete, so that a killed process leaves nothing; on file systems without such files, and where
// linkat() fails, it has one of TemporaryNames.
class PosixAtomicFile final : public AtomicFile {
 public:
  PosixAtomicFile(SavePath target, const FileOptions& options, std::uint64_t size,
                  WriteOrder order);
  ~PosixAtomicFile() override;

  void write(std::span<const std::span<const std::byte>> pieces) override;
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) override;
  void reserve(std::uint64_t size) override;
  void append_from(const Source& source, std::uint64_t offset, std::uint64_t count) override;
  std::uint64_t block_size() const noexcept override;
  bool clone_tail(const Source& source, std::uint64_t offset, std::uint64_t position) override;
  void commit() override;

 private:
  PosixAtomicFile(SavePath target, const FileOptions& options);

  void create_unnamed();
  void create_named();
  void set_mode();
  void leave_direct_writes();
  void flush();
  bool link_as(const std::string& name) const;
  bool link_as_target();     // false if there is a file already, or linkat() failed
  bool link_as_temporary();  // false if linkat() failed
  void copy_to_named(std::uint64_t size);
  void require_removable_names() const;
  void rename_to_target();
  void sync_directory();

  SavePath target_;
  TemporaryNames names_;
  bool mode_requested_;
  FileDescriptor directory_to_sync_;  // if the save is durable
  FileDescriptor file_;
  std::string temporary_name_;         // empty while the file has none
  std::uint64_t written_ = 0;          // bytes of the file; with WriteOrder::any all of them
  std::uint64_t cloned_end_ = 0;       // where the blocks of another file end
  std::optional<DirectWrite> direct_;  // while writes bypass the page cache
  std::vector<iovec> pieces_;          // of the write that is running
};

}  // namespace st
