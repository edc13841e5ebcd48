#include "io/posix/file_source.h"

#include <fcntl.h>

#include "error.h"
#include "io/platform.h"
#include "io/posix/map_file.h"
#include "io/posix/os_error.h"

namespace st {
namespace {

constexpr char opened_file[] = "the opened file";

Error truncated(std::uint64_t now, std::uint64_t before) {
  return Error(Code::truncated,
               Message() << "the file was truncated: it has " << now << " bytes, it had " << before
                         << " when it was opened",
               now);
}

class FileSource : public Source {
 public:
  FileSource(FileName name, ReadableFile file, Access access) noexcept
      : Source(std::move(name.text), access),
        absolute_path_(std::move(name.absolute)),
        file_(std::move(file)) {}

  std::uint64_t size() const noexcept override { return file_.opened().size; }

  void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const override {
    file_.use([&](const FileDescriptor& file) { read_exactly(file, offset, buffer, count); });
  }

  void prefetch(std::uint64_t offset, std::uint64_t count) const override {
    file_.use([&](const FileDescriptor& file) { read_ahead(file, offset, count); });
  }

  const char* path() const noexcept override { return absolute_path_.empty() ? "" : name().data(); }

  int descriptor() const noexcept override { return file_.descriptor(); }

  FileIdentity identity() const noexcept override { return identity_of(file_.opened()); }

  std::optional<FileIdentity> identify_path() const override {
    if (absolute_path_.empty()) return identity();
    return st::identify_path(AT_FDCWD, absolute_path_.c_str(), path());
  }

  void verify_unchanged() const override {
    const FileStat now = status();
    if (now.size == size() && now.modified == file_.opened().modified) return;
    const bool is_truncated = now.size < size();
    Message message;
    message << "the file was " << (is_truncated ? "truncated" : "modified")
            << " after it was opened: ";
    if (now.size == size())
      message << "its modification time differs";
    else
      message << "it has " << now.size << " bytes, it had " << size();
    throw Error(is_truncated ? Code::truncated : Code::changed,
                message << ", in " << Quoted{name()}, is_truncated ? now.size : no_position);
  }

 protected:
  // Accessing pages beyond the end of a truncated file raises SIGBUS, so check first.
  void require_length(std::uint64_t end) const {
    const std::uint64_t now = status().size;
    if (now < end) throw truncated(now, size());
  }

 private:
  FileStat status() const {
    return file_.use(
        [](const FileDescriptor& file) { return stat_regular_file(file, opened_file); });
  }

  std::string absolute_path_;  // empty for a file without a path
  ReadableFile file_;
};

class MappedSource final : public FileSource {
 public:
  MappedSource(FileName name, ReadableFile file, Access access,
               std::shared_ptr<std::byte> mapping) noexcept
      : FileSource(std::move(name), std::move(file), access), mapping_(std::move(mapping)) {}

  Bytes get(std::uint64_t offset, std::uint64_t count) const override {
    require_length(offset + count);
    std::byte* data = mapping_.get() + offset;
    return {data, is_writable() ? data : nullptr, count, mapping_};
  }

  const std::byte* in_place(std::uint64_t offset, std::uint64_t count) const override {
    if (is_writable()) return nullptr;
    require_length(offset + count);
    return mapping_.get() + offset;
  }

  bool is_mapped() const noexcept override { return true; }

 private:
  std::shared_ptr<std::byte> mapping_;
};

// Null, and an errno value or 0, without a mapping.
std::shared_ptr<std::byte> map_if_wanted(const FileDescriptor& file, std::uint64_t size,
                                         Backend backend, Access access, int* os_error) {
  const bool wants_mapping =
      backend == Backend::mmap || (backend == Backend::automatic && !is_network_or_fuse(file));
  if (!wants_mapping || size == 0) return nullptr;
  return map_file(file, size, access == Access::writable, os_error);
}

}  // namespace

std::shared_ptr<const Source> make_file_source(ReadableFile file, FileName name, Backend backend,
                                               Access access) {
  int os_error = 0;
  auto mapping = file.use([&](const FileDescriptor& descriptor) {
    return map_if_wanted(descriptor, file.opened().size, backend, access, &os_error);
  });
  if (mapping) {
    return std::make_shared<const MappedSource>(std::move(name), std::move(file), access,
                                                std::move(mapping));
  }
  if (os_error != 0 && backend == Backend::mmap) {
    throw Error(code_of_errno(os_error),
                Message() << os_failure("cannot mmap", name.text, os_error).what()
                          << "; the backends AUTO and PREAD open the file without a mapping",
                no_position, os_error);
  }
  return std::make_shared<const FileSource>(std::move(name), std::move(file), access);
}

std::shared_ptr<const Source> open_path(const char* path, Backend backend, Access access) {
  if (*path == '\0') throw Error(Code::invalid_argument, Message() << "the path is empty");
  FileDescriptor file = open_for_reading(AT_FDCWD, path, path);
  const FileStat opened = stat_regular_file(file, path);
  return make_file_source({std::move(file), opened}, {path, absolute_path(path)}, backend, access);
}

std::shared_ptr<const Source> open_descriptor(int descriptor, Backend backend, Access access) {
  FileDescriptor file = duplicate(descriptor);
  std::string name = "file descriptor " + std::to_string(descriptor);
  const FileStat opened = stat_regular_file(file, name.c_str());
  return make_file_source({std::move(file), opened}, {std::move(name), {}}, backend, access);
}

}  // namespace st
