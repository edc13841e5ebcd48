// A file, mapped or read piece by piece.
#include "error.h"
#include "io/posix/map_file.h"
#include "io/posix/os_error.h"
#include "io/posix/read_file.h"
#include "io/source.h"

namespace st {
namespace {

Error shortened(std::uint64_t now, std::uint64_t before) {
  return Error(
      Code::truncated,
      Message() << "the file has " << now << " bytes, it had " << before << " when it was opened",
      now);
}

class FileSource : public Source {
 public:
  FileSource(FileDescriptor file, FileStat opened) noexcept
      : file_(std::move(file)), opened_(opened) {}

  std::uint64_t size() const noexcept override { return opened_.size; }

  void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const override {
    read_exactly(file_, offset, buffer, count);
  }

  void verify_unchanged() const override {
    const FileStat now = stat_regular_file(file_, "the opened file");
    if (now.size < opened_.size) throw shortened(now.size, opened_.size);
    if (now.size != opened_.size || now.modified.tv_sec != opened_.modified.tv_sec ||
        now.modified.tv_nsec != opened_.modified.tv_nsec) {
      throw Error(Code::changed, Message() << "the file was modified after it was opened: it has "
                                           << now.size << " bytes, it had " << opened_.size);
    }
  }

 protected:
  FileDescriptor file_;
  FileStat opened_;
};

class MappedSource final : public FileSource {
 public:
  MappedSource(FileDescriptor file, FileStat opened, std::shared_ptr<const std::byte> place,
               bool copy_on_write) noexcept
      : FileSource(std::move(file), opened),
        place_(std::move(place)),
        copy_on_write_(copy_on_write) {}

  // Bytes beyond the end of a file that was shortened are fatal to touch, so look first.
  Bytes get(std::uint64_t offset, std::uint64_t count) const override {
    const std::uint64_t now = stat_regular_file(file_, "the opened file").size;
    if (now < offset + count) throw shortened(now, opened_.size);
    const std::byte* data = place_.get() + offset;
    return {data, copy_on_write_ ? const_cast<std::byte*>(data) : nullptr, count, place_};
  }

 private:
  std::shared_ptr<const std::byte> place_;
  bool copy_on_write_;
};

std::shared_ptr<const Source> make_source(FileDescriptor file, const char* path, Backend backend,
                                          Mapping mapping) {
  const FileStat opened = stat_regular_file(file, path);
  const bool wants_map =
      backend == Backend::mmap || (backend == Backend::automatic && !is_network_or_fuse(file));
  if (wants_map && opened.size > 0) {
    const bool copy_on_write = mapping == Mapping::copy_on_write;
    int os_error = 0;
    auto place = map_file(file, opened.size, copy_on_write, &os_error);
    if (place) {
      return std::make_shared<const MappedSource>(std::move(file), opened, std::move(place),
                                                  copy_on_write);
    }
    if (backend == Backend::mmap) throw os_failure("cannot map", path, os_error);
  }
  return std::make_shared<const FileSource>(std::move(file), opened);
}

}  // namespace

std::shared_ptr<const Source> open_path(const char* path, Backend backend, Mapping mapping) {
  if (*path == '\0') throw Error(Code::invalid_argument, Message() << "the path is empty");
  return make_source(open_for_reading(path), path, backend, mapping);
}

std::shared_ptr<const Source> open_descriptor(int descriptor, Backend backend, Mapping mapping) {
  return make_source(duplicate(descriptor), "the file descriptor", backend, mapping);
}

}  // namespace st
