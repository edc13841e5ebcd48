// A locked subdirectory of a set's directory.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "io/posix/file_descriptor.h"
#include "io/set_directory.h"

namespace st {

// What staging directories need of the set's directory, which outlives them.
struct StagingParent {
  int directory;
  FileOptions options;
  std::optional<std::uint32_t> inherited_mode;  // permission bits of the replaced set
};

// The file "lock" in it is locked with flock() while the directory is in use: also NFS can lock a
// file that is open for writing. The lock file is the last file that is removed: a directory
// without one is empty.
class PosixStagingDirectory final : public StagingDirectory {
 public:
  enum class Opened { yes, in_use, cannot_lock, failed };  // with errno unless yes

  PosixStagingDirectory(const StagingParent& parent, std::string name, bool is_resumable);

  // Creates the directory, which must not exist unless it is resumable: in_use if another name is
  // needed.
  Opened create_directory(bool locks) noexcept;

  // Opens the directory of a killed process.
  Opened open_abandoned() noexcept;

  ~PosixStagingDirectory() override;

  const std::string& name() const noexcept override { return name_; }
  std::unique_ptr<AtomicFile> create(const std::string& name, const std::string& path,
                                     std::uint64_t size) override;
  std::unique_ptr<SpoolFile> create_spool(const std::string& path) override;
  std::shared_ptr<const Source> open(const std::string& name) const override;
  std::vector<std::string> names() const override;
  void sync(const std::string& name) override;
  std::optional<FileStamp> find(const std::string& name) const override;
  std::optional<std::string> read(const std::string& name, std::uint64_t max_size) const override;
  bool remove(const std::string& name) noexcept override;
  bool publish(const std::string& staged, const std::string& name) override;
  void replace(const std::string& staged, const std::string& name) override;
  bool unpublish(const std::string& name, const std::string& staged) noexcept override;
  void keep(bool kept) noexcept override { keep_ = kept; }
  bool is_resumable() const noexcept override { return is_resumable_; }

 private:
  Opened open_and_lock(int lock_flags) noexcept;
  FileDescriptor open_file(const std::string& name) const;
  bool remove_files() noexcept;

  StagingParent parent_;
  std::string name_;
  FileDescriptor directory_;
  FileDescriptor lock_;
  pid_t owner_;
  bool is_resumable_;
  bool keep_ = true;  // until the directory is known to be this object's
};

}  // namespace st
