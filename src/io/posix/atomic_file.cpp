#include "io/posix/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "io/posix/copy_file.h"
#include "io/posix/os_error.h"
#include "io/posix/preallocate.h"
#include "io/posix/share_blocks.h"
#include "io/posix/write_pieces.h"

namespace st {
namespace {

constexpr mode_t permission_bits = 0777;
constexpr mode_t default_mode = 0666;  // less the umask

std::string path_of_descriptor(const FileDescriptor& file) {
  return "/proc/self/fd/" + std::to_string(file.get());
}

FileDescriptor open_to_sync(const SavePath& target) {
  FileDescriptor directory = open_at(target.directory.get(), ".", O_RDONLY | O_DIRECTORY);
  if (!directory) throw os_failure("cannot open for fsync the directory of", target.path, errno);
  return directory;
}

Error cannot_create(const SavePath& target, int os_error) {
  Message what;
  what << "cannot save to " << Quoted{target.path} << ": cannot create a file in the directory";
  return os_failure(what.c_str(), target.directory_path, os_error);
}

}  // namespace

PosixAtomicFile::PosixAtomicFile(SavePath target, const FileOptions& options)
    : target_(std::move(target)),
      names_(target_.directory.get(), target_.name),
      mode_requested_(options.mode != mode_inherit && options.mode != mode_umask) {
  if (options.mode == mode_umask) target_.mode.reset();
  if (mode_requested_) target_.mode = options.mode & permission_bits;
  if (options.durability == Durability::fsync) directory_to_sync_ = open_to_sync(target_);
}

// The other constructor has completed, so that the destructor removes the file if this one throws.
PosixAtomicFile::PosixAtomicFile(SavePath target, const FileOptions& options, std::uint64_t size,
                                 WriteOrder order)
    : PosixAtomicFile(std::move(target), options) {
  if (target_.exists) require_removable_names();
  names_.remove_leftovers();
  create_unnamed();
  if (!file_) create_named();
  preallocate(file_, size, target_.path);
  if (order == WriteOrder::any) {
    written_ = size;
    return;
  }
  // Large durable files are written faster past the page cache.
  constexpr std::uint64_t large = std::uint64_t{64} << 20;
  if (directory_to_sync_ && size >= large && !may_compress(file_)) {
    direct_ = DirectWrite::start(file_.get(), target_.path);
  }
}

PosixAtomicFile::~PosixAtomicFile() {
  if (!temporary_name_.empty()) names_.remove(temporary_name_.c_str(), std::move(file_));
}

// Leaves file_ closed if the file cannot be created, or could not be given a name later.
void PosixAtomicFile::create_unnamed() {
  file_ = open_at(target_.directory.get(), ".", O_TMPFILE | O_RDWR,
                  static_cast<mode_t>(target_.mode.value_or(default_mode)));
  if (!file_) return;
  // linkat() finds the file through /proc before it finds that "." exists: the errno tells whether
  // both the system call and /proc can be used.
  if (!link_as(".") && errno == EEXIST) {
    set_mode();
  } else {
    file_ = FileDescriptor();
  }
}

void PosixAtomicFile::create_named() {
  require_removable_names();
  auto name = names_.claim([this](const std::string& candidate) {
    file_ = open_at(target_.directory.get(), candidate.c_str(), O_CREAT | O_EXCL | O_WRONLY,
                    static_cast<mode_t>(target_.mode.value_or(default_mode)));
    return file_ && names_.lock_created(file_, candidate);
  });
  if (!name) throw cannot_create(target_, errno);
  temporary_name_ = std::move(*name);
  set_mode();
}

// The kernel created the file with the bits that the umask leaves of target_.mode, never with more.
void PosixAtomicFile::set_mode() {
  if (!target_.mode) return;
  struct stat status;
  const auto mode = static_cast<mode_t>(*target_.mode);
  if (::fstat(file_.get(), &status) == 0 && (status.st_mode & permission_bits) == mode) return;
  if (::fchmod(file_.get(), mode) == 0) return;
  const bool unsupported = errno == EPERM || errno == ENOSYS || errno == EOPNOTSUPP;
  if (mode_requested_ || !unsupported) {
    throw os_failure("cannot set the permission bits of", target_.path, errno);
  }
}

// Names are renamed or unlinked in the end. In an append-only directory they would stay for ever.
void PosixAtomicFile::require_removable_names() const {
  if (!target_.append_only) return;
  throw os_failure("cannot rename or remove files in the append-only directory of", target_.path,
                   EPERM);
}

void PosixAtomicFile::write(std::span<const std::span<const std::byte>> pieces) {
  pieces_.clear();
  for (const auto& piece : pieces)
    pieces_.push_back({const_cast<std::byte*>(piece.data()), piece.size()});
  std::span<iovec> left = pieces_;
  if (direct_ && !direct_->append(&left)) leave_direct_writes();
  if (direct_ || left.empty()) return;
  written_ = write_pieces(file_.get(), left, written_, target_.path);
}

void PosixAtomicFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  iovec piece = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  if (!bytes.empty()) write_pieces(file_.get(), {&piece, 1}, offset, target_.path);
}

void PosixAtomicFile::leave_direct_writes() {
  if (!direct_) return;
  written_ = direct_->finish();
  direct_.reset();
}

void PosixAtomicFile::reserve(std::uint64_t size) {
  preallocate(file_, size, target_.path);
}

void PosixAtomicFile::append_from(const Source& source, std::uint64_t offset, std::uint64_t count) {
  leave_direct_writes();
  const std::uint64_t end = offset + count;
  const std::uint64_t copied =
      copy_range(source.descriptor(), offset, file_.get(), written_, count, target_.path);
  written_ += copied;
  offset += copied;
  if (offset == end) return;
  constexpr std::uint64_t piece_size = 4 << 20;
  const Bytes buffer = allocate_bytes(std::min(end - offset, piece_size));
  while (offset < end) {
    const std::uint64_t piece = std::min(end - offset, piece_size);
    source.read_at(offset, buffer.writable, piece);
    iovec bytes = {buffer.writable, static_cast<std::size_t>(piece)};
    written_ = write_pieces(file_.get(), {&bytes, 1}, written_, target_.path);
    offset += piece;
  }
}

std::uint64_t PosixAtomicFile::block_size() const noexcept {
  return st::block_size(file_.get());
}

bool PosixAtomicFile::clone_tail(const Source& source, std::uint64_t offset,
                                 std::uint64_t position) {
  const std::uint64_t count = source.size() - offset;
  if (!clone_range(source.descriptor(), offset, count, file_.get(), position, target_.path)) {
    return false;
  }
  cloned_end_ = position + count;
  return true;
}

void PosixAtomicFile::commit() {
  leave_direct_writes();
  flush();
  bool renames = !temporary_name_.empty();
  if (!renames && !link_as_target()) {
    renames = true;
    if (!link_as_temporary()) {
      copy_to_named(std::max(written_, cloned_end_));
      flush();
    }
  }
  if (renames) rename_to_target();
  if (directory_to_sync_) sync_directory();
}

void PosixAtomicFile::flush() {
  // Never retry fsync: Linux may mark the pages clean after a failure, so that a second call
  // succeeds although data was lost.
  if (directory_to_sync_ && ::fsync(file_.get()) != 0) {
    throw os_failure("cannot fsync", target_.path, errno);
  }
  // Network file systems write, and report errors, when a descriptor is closed.
  const int copy = ::fcntl(file_.get(), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw os_failure("cannot duplicate the descriptor of", target_.path, errno);
  if (::close(copy) != 0 && errno != EINTR) throw os_failure("cannot close", target_.path, errno);
}

bool PosixAtomicFile::link_as(const std::string& name) const {
  return ::linkat(AT_FDCWD, path_of_descriptor(file_).c_str(), target_.directory.get(),
                  name.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

bool PosixAtomicFile::link_as_target() {
  return !target_.exists && link_as(target_.name);
}

bool PosixAtomicFile::link_as_temporary() {
  require_removable_names();
  names_.lock(file_);
  auto name = names_.claim([this](const std::string& candidate) { return link_as(candidate); });
  if (name) temporary_name_ = std::move(*name);
  return name.has_value();
}

// For security modules and file systems that reject linkat() for the file itself.
void PosixAtomicFile::copy_to_named(std::uint64_t size) {
  const FileDescriptor unnamed = std::move(file_);
  create_named();
  preallocate(file_, size, target_.path);
  copy_file(unnamed, file_, size, target_.path);
}

void PosixAtomicFile::rename_to_target() {
  const int directory = target_.directory.get();
  if (::renameat(directory, temporary_name_.c_str(), directory, target_.name.c_str()) == 0) {
    temporary_name_.clear();
    return;
  }
  if (errno == EBUSY) {
    throw Error(Code::io,
                Message() << "cannot rename to " << Quoted{target_.path}
                          << ": it is a mount point: mount its directory instead",
                no_position, EBUSY);
  }
  throw os_failure("cannot rename the temporary file to", target_.path, errno);
}

// Not every file system has an fsync of directories.
void PosixAtomicFile::sync_directory() {
  if (::fsync(directory_to_sync_.get()) == 0) return;
  const bool unsupported =
      errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS || errno == EBADF;
  if (!unsupported) {
    throw os_failure(
        "the file was replaced, but its directory was not synced: cannot fsync the directory of",
        target_.path, errno);
  }
}

std::unique_ptr<AtomicFile> create_atomic_file(const char* path, const FileOptions& options,
                                               std::uint64_t size, WriteOrder order) {
  return std::make_unique<PosixAtomicFile>(resolve_save_path(path, options.link), options, size,
                                           order);
}

}  // namespace st
