#include "io/posix/spool_file.h"

#include <fcntl.h>
#include <sys/uio.h>

#include <cerrno>
#include <utility>

#include "io/posix/directory_files.h"
#include "io/posix/os_error.h"
#include "io/posix/read_file.h"
#include "io/posix/write_pieces.h"

namespace st {
namespace {

constexpr char spool_name[] = "spool";

}  // namespace

PosixSpoolFile::PosixSpoolFile(int directory, std::string path)
    : directory_(directory),
      path_(std::move(path)),
      file_(open_at(directory, spool_name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600)) {
  if (!file_) throw os_failure("cannot create the spool file of", path_, errno);
}

PosixSpoolFile::~PosixSpoolFile() {
  file_ = FileDescriptor();
  remove_file(directory_, spool_name);
}

void PosixSpoolFile::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  iovec piece = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  write_pieces(file_.get(), {&piece, bytes.empty() ? 0u : 1u}, offset, path_);
}

void PosixSpoolFile::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  read_exactly(file_, offset, bytes.data(), bytes.size());
}

}  // namespace st
