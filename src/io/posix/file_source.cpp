// Sources that read a regular file: through a mapping, or with pread.
#include <string>

#include "error.h"
#include "io/platform.h"
#include "io/posix/map_file.h"
#include "io/posix/os_error.h"
#include "io/posix/read_file.h"

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
  FileSource(std::string name, FileDescriptor file, FileStat opened, Access access) noexcept
      : Source(std::move(name), access), file_(std::move(file)), opened_(opened) {}

  std::uint64_t size() const noexcept override { return opened_.size; }

  void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const override {
    read_exactly(file_, offset, buffer, count);
  }

  int descriptor() const noexcept override { return file_.get(); }

  FileIdentity identity() const noexcept override {
    return {opened_.device, opened_.inode, opened_.size};
  }

  void verify_unchanged() const override {
    const FileStat now = stat_regular_file(file_, opened_file);
    if (now.size < opened_.size) throw truncated(now.size, opened_.size);
    if (now.size != opened_.size || now.modified.tv_sec != opened_.modified.tv_sec ||
        now.modified.tv_nsec != opened_.modified.tv_nsec) {
      throw Error(Code::changed, Message() << "the file was modified after it was opened: it has "
                                           << now.size << " bytes, it had " << opened_.size);
    }
  }

 protected:
  // Accessing pages beyond the end of a truncated file raises SIGBUS, so check first.
  void require_length(std::uint64_t end) const {
    const std::uint64_t now = stat_regular_file(file_, opened_file).size;
    if (now < end) throw truncated(now, opened_.size);
  }

 private:
  FileDescriptor file_;
  FileStat opened_;
};

class MappedSource final : public FileSource {
 public:
  MappedSource(std::string name, FileDescriptor file, FileStat opened, Access access,
               std::shared_ptr<std::byte> mapping) noexcept
      : FileSource(std::move(name), std::move(file), opened, access),
        mapping_(std::move(mapping)) {}

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

std::shared_ptr<const Source> make_source(FileDescriptor file, std::string name, Backend backend,
                                          Access access) {
  const FileStat opened = stat_regular_file(file, name.c_str());
  const bool wants_mapping =
      backend == Backend::mmap || (backend == Backend::automatic && !is_network_or_fuse(file));
  if (wants_mapping && opened.size > 0) {
    int os_error = 0;
    auto mapping = map_file(file, opened.size, access == Access::writable, &os_error);
    if (mapping) {
      return std::make_shared<const MappedSource>(std::move(name), std::move(file), opened, access,
                                                  std::move(mapping));
    }
    if (backend == Backend::mmap) {
      throw Error(code_of_errno(os_error),
                  Message() << os_failure("cannot mmap", name, os_error).what()
                            << "; the backends AUTO and PREAD open the file without a mapping",
                  no_position, os_error);
    }
  }
  return std::make_shared<const FileSource>(std::move(name), std::move(file), opened, access);
}

}  // namespace

std::shared_ptr<const Source> open_path(const char* path, Backend backend, Access access) {
  if (*path == '\0') throw Error(Code::invalid_argument, Message() << "the path is empty");
  return make_source(open_for_reading(path), path, backend, access);
}

std::shared_ptr<const Source> open_descriptor(int descriptor, Backend backend, Access access) {
  return make_source(duplicate(descriptor), "file descriptor " + std::to_string(descriptor),
                     backend, access);
}

}  // namespace st
