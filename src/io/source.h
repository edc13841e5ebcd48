// Sources of a file's bytes: immutable, readable from any number of threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "callbacks.h"
#include "io/bytes.h"

namespace st {

enum class Backend : std::uint32_t { automatic = 0, mmap = 1, pread = 2 };

// Whether the caller may write to the bytes that get() returns. The rule is the same for every
// source:
//   read_only  Bytes::writable is always null.
//   writable   Bytes::writable is never null. Writes reach neither the file nor the caller's
//              memory. The bytes of a mapped file belong to one private mapping, which all get()
//              calls share; every other source returns a new copy from each get().
enum class Access : std::uint32_t { read_only = 0, writable = 1 };

// Which file a source reads, as it was opened. Zeros, but for the size, where the bytes do not come
// from one file.
struct FileIdentity {
  std::uint64_t device;
  std::uint64_t inode;
  std::uint64_t size;     // bytes
  std::int64_t modified;  // nanoseconds since 1970

  bool operator==(const FileIdentity&) const = default;
};

class Source {
 public:
  // `name` is what messages call the source.
  Source(std::string name, Access access) noexcept : name_(std::move(name)), access_(access) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // The path as the caller passed it, "file descriptor N", "memory" or "callbacks".
  std::string_view name() const noexcept { return name_; }

  // Length in bytes, fixed when the source was opened.
  virtual std::uint64_t size() const noexcept = 0;

  // Fills `buffer` with exactly `count` bytes from `offset`; offset + count is at most size(). The
  // bytes are those of the file, never those that a caller wrote to Bytes::writable.
  virtual void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const = 0;

  // The same bytes as memory, by the rule of Access: without a copy where the source can, else read
  // into memory of their own. Throws Code::no_memory.
  virtual Bytes get(std::uint64_t offset, std::uint64_t count) const { return copy(offset, count); }

  // The same bytes in new memory, aligned to 64 bytes, by the rule of Access.
  Bytes copy(std::uint64_t offset, std::uint64_t count) const;

  // The same bytes without a copy, as long as the source lives; null if the source does not have
  // them in memory, or if a caller can write to that memory. The length of a mapped file is checked
  // first, but a truncation while the bytes are accessed raises SIGBUS.
  virtual const std::byte* in_place(std::uint64_t offset, std::uint64_t count) const;

  // Starts to read the bytes into the page cache, and does not wait for them. Does nothing if they
  // are in memory, or if the system has no such request.
  virtual void prefetch(std::uint64_t, std::uint64_t) const {}

  // What messages call the file that has the byte at `offset`.
  virtual std::string_view name_at(std::uint64_t) const noexcept { return name(); }

  // The path of the file, NUL-terminated, if the caller passed one; else "".
  virtual const char* path() const noexcept { return ""; }

  // The descriptor of the file that stays open as long as the source, or -1.
  virtual int descriptor() const noexcept { return -1; }

  // Whether get() returns bytes of a mapped file.
  virtual bool is_mapped() const noexcept { return false; }

  virtual FileIdentity identity() const noexcept { return {0, 0, size(), 0}; }

  // The file that the path refers to now, or nothing if it does not exist; identity() for a source
  // without a path. A relative path is that of the working directory when the source was opened.
  virtual std::optional<FileIdentity> identify_path() const { return identity(); }

  // Throws Code::truncated or Code::changed.
  virtual void verify_unchanged() const {}

 protected:
  bool is_writable() const noexcept { return access_ == Access::writable; }

 private:
  std::string name_;
  Access access_;
};

// The bytes are used in place; the source keeps `owner`.
std::shared_ptr<const Source> borrow_memory(const void* bytes, std::uint64_t size,
                                            std::shared_ptr<const void> owner, Access access);

std::shared_ptr<const Source> copy_memory(const void* bytes, std::uint64_t size, Access access);

struct Callbacks {
  std::uint64_t size;
  void* user_data;
  ReadAtFn read_at;
  std::shared_ptr<const void> owner;  // kept until the source is destroyed
};

std::shared_ptr<const Source> open_callbacks(Callbacks callbacks, Access access);

// A file of a concatenation.
struct SourcePart {
  std::uint64_t first_offset;  // of its first byte
  std::shared_ptr<const Source> source;
};

// One source of the bytes of several, which follow each other without gaps from offset 0 on. `name`
// is what messages call all of it.
std::shared_ptr<const Source> concatenate(std::string name, std::vector<SourcePart> parts);

}  // namespace st
