// A regular file that is changed where it is.
#include <fcntl.h>
#include <linux/falloc.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "io/platform.h"
#include "io/posix/file_descriptor.h"
#include "io/posix/os_error.h"
#include "io/posix/read_file.h"
#include "io/posix/share_blocks.h"
#include "io/posix/write_pieces.h"

namespace st {
namespace {

class PosixEditableFile final : public EditableFile {
 public:
  PosixEditableFile(const char* path, FileDescriptor file)
      : path_(path),
        file_(std::move(file)),
        source_(open_descriptor(file_.get(), Backend::pread, Access::read_only)) {}

  const std::shared_ptr<const Source>& source() const noexcept override { return source_; }

  std::uint64_t block_size() const noexcept override { return st::block_size(file_.get()); }

  void overwrite(std::uint64_t offset, std::span<const std::byte> bytes) override {
    iovec piece = {const_cast<std::byte*>(bytes.data()), bytes.size()};
    write_pieces(file_.get(), {&piece, 1}, offset, path_);
  }

  bool insert_start(std::uint64_t count) override {
    if (fallocate(FALLOC_FL_INSERT_RANGE, count)) return true;
    if (errno == EIO || errno == ENOSPC || errno == EDQUOT || errno == ENOMEM) {
      throw os_failure("cannot insert blocks into", path_, errno);
    }
    return false;
  }

  void remove_start(std::uint64_t count) override {
    if (!fallocate(FALLOC_FL_COLLAPSE_RANGE, count)) {
      throw os_failure("cannot remove blocks of", path_, errno);
    }
  }

  void sync() override {
    // Never retried, see PosixAtomicFile::flush().
    if (::fsync(file_.get()) != 0) {
      throw os_failure("the file was changed, but not synced: cannot fsync", path_, errno);
    }
  }

 private:
  bool fallocate(int mode, std::uint64_t count) const noexcept {
    int result;
    do {
      result = ::fallocate(file_.get(), mode, 0, static_cast<off_t>(count));
    } while (result != 0 && errno == EINTR);
    return result == 0;
  }

  std::string path_;
  FileDescriptor file_;
  std::shared_ptr<const Source> source_;
};

}  // namespace

std::unique_ptr<EditableFile> open_to_edit(const char* path) {
  if (*path == '\0') throw Error(Code::invalid_argument, Message() << "the path is empty");
  return std::make_unique<PosixEditableFile>(path, open_for_writing(path));
}

}  // namespace st
