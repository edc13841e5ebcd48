// What the library needs from the operating system. A port implements this header and
// io/set_directory.h in a directory beside io/posix/; no file outside of that directory makes a
// system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/bytes.h"
#include "io/source.h"

namespace st {

// ---- Memory -------------------------------------------------------------------------------------

// `size` writable bytes aligned to 64, uninitialised or zero. Large blocks are mapped on huge pages
// where the system has them: filling fresh small pages is several times slower. Throws
// Code::no_memory.
void* allocate_block(std::size_t size);

// Releases a block of allocate_block(size).
void free_block(void* block, std::size_t size) noexcept;

// The same as Bytes, which own the block.
Bytes allocate_bytes(std::uint64_t size);

template <class Element>
struct BlockAllocator {
  using value_type = Element;

  BlockAllocator() = default;
  template <class Other>
  BlockAllocator(const BlockAllocator<Other>&) noexcept {}

  Element* allocate(std::size_t count) {
    if (count > PTRDIFF_MAX / sizeof(Element)) throw std::bad_alloc();
    return static_cast<Element*>(allocate_block(count * sizeof(Element)));
  }
  void deallocate(Element* elements, std::size_t count) noexcept {
    free_block(elements, count * sizeof(Element));
  }

  bool operator==(const BlockAllocator&) const = default;
};

// A vector whose elements may fill megabytes.
template <class Element>
using LargeVector = std::vector<Element, BlockAllocator<Element>>;

// ---- Random numbers -----------------------------------------------------------------------------

// Bits that an attacker cannot predict.
std::uint64_t random_bits() noexcept;

// ---- Reading ------------------------------------------------------------------------------------

// The path from the root directory. The path itself if the working directory is unknown, because it
// was removed or is not below the root directory.
std::string absolute_path(const std::string& path);

// The path of a file in a directory; an empty directory is the working directory.
inline std::string join_path(const std::string& directory, const std::string& file) {
  return directory.empty() || directory.back() == '/' ? directory + file : directory + '/' + file;
}

// Opens a regular file; never blocks on a FIFO. Throws Code::not_found, permission, not_regular,
// io, ...
std::shared_ptr<const Source> open_path(const char* path, Backend backend, Access access);

// Duplicates the descriptor of a regular file, and neither uses nor moves its file position.
std::shared_ptr<const Source> open_descriptor(int descriptor, Backend backend, Access access);

// A directory whose files are opened by their paths in it, also after it was renamed or the working
// directory has changed.
class Directory {
 public:
  // `path` is for messages, `absolute` what absolute_path() returned for it.
  Directory(std::string path, std::string absolute) noexcept
      : path_(std::move(path)), absolute_path_(std::move(absolute)) {}
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  virtual ~Directory() = default;

  const std::string& path() const noexcept { return path_; }
  const std::string& absolute_path() const noexcept { return absolute_path_; }

  // What messages call a file of the directory.
  std::string path_of(const std::string& file) const { return join_path(path_, file); }

  // The names of its entries, in any order.
  virtual std::vector<std::string> names() const = 0;

  // Opens a file as open_path does. Without `keep_open` no descriptor stays open: each read opens
  // the file again, and throws Code::changed if it finds another or a modified file.
  virtual std::shared_ptr<const Source> open(const std::string& file, Backend backend,
                                             Access access, bool keep_open) const = 0;

  // The file that the path refers to now, or nothing if it does not exist.
  virtual std::optional<FileIdentity> identify(const std::string& file) const = 0;

 private:
  std::string path_;
  std::string absolute_path_;
};

// An empty path is the working directory.
std::shared_ptr<const Directory> open_directory(std::string path);

// Throws Code::not_found.
bool is_directory(const char* path);

// How many descriptors the index and the shards of one set may keep open.
std::size_t descriptors_for_files() noexcept;

// ---- Writing ------------------------------------------------------------------------------------

enum class Durability : std::uint32_t { none = 0, fsync = 1 };

// What a save does with a symbolic link at its path.
enum class LinkPolicy : std::uint32_t {
  replace = 0,  // the link is replaced; the file that it points to stays unchanged
  follow = 1    // the file that the link points to is replaced
};

// Values of FileOptions::mode other than permission bits.
inline constexpr std::uint32_t mode_inherit = 0;     // the replaced file's bits, else as mode_umask
inline constexpr std::uint32_t mode_umask = 0x1000;  // 0666 & ~umask, although a file exists

struct FileOptions {
  Durability durability = Durability::none;
  LinkPolicy link = LinkPolicy::replace;
  std::uint32_t mode = mode_inherit;
};

enum class WriteOrder {
  sequential,  // with AtomicFile::write
  any          // with AtomicFile::write_at
};

// A file that replaces another atomically. Until it does, the other file is unchanged.
class AtomicFile {
 public:
  AtomicFile() = default;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  virtual ~AtomicFile() = default;  // without commit(), removes the file

  // Appends the pieces. Memory that cannot be read (a mapping whose file was truncated) is an
  // error, not a signal.
  virtual void write(std::span<const std::span<const std::byte>> pieces) = 0;

  // Writes `bytes` at `offset`. Any number of threads may call it at once. Memory that cannot be
  // read is an error here too.
  virtual void write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;

  // Preallocates `size` bytes: for a file that was created with size 0.
  virtual void reserve(std::uint64_t size) = 0;

  // Appends `count` bytes of the source from `offset` on, inside of the kernel if it can.
  virtual void append_from(const Source& source, std::uint64_t offset, std::uint64_t count) = 0;

  // Size of the blocks that files can share; 0 if unknown.
  virtual std::uint64_t block_size() const noexcept = 0;

  // Before the first write: the bytes of the source from `offset` to its end become those from
  // `position` on, without a copy, as both files share the blocks. Both numbers are multiples of
  // block_size(). Returns false, without effect, if the source or the file system cannot.
  virtual bool clone_tail(const Source& source, std::uint64_t offset, std::uint64_t position) = 0;

  // Replaces the file at the path. With Durability::fsync the file is synced before, and its
  // directory after that: an error of the latter is reported although the file was replaced.
  virtual void commit() = 0;
};

// `size` bytes are preallocated for the file; with WriteOrder::any it has them at commit(). Throws
// Code::not_regular unless the path is that of a regular file, of a symbolic link to one, of a
// dangling link, or new; and for a link whose resolution enters procfs (/dev/stdout), with both
// policies.
std::unique_ptr<AtomicFile> create_atomic_file(const char* path, const FileOptions& options,
                                               std::uint64_t size,
                                               WriteOrder order = WriteOrder::sequential);

// A regular file that is changed where it is.
class EditableFile {
 public:
  EditableFile() = default;
  EditableFile(const EditableFile&) = delete;
  EditableFile& operator=(const EditableFile&) = delete;
  virtual ~EditableFile() = default;

  // Reads the file.
  virtual const std::shared_ptr<const Source>& source() const noexcept = 0;

  // Size of the blocks that can be inserted; 0 if unknown.
  virtual std::uint64_t block_size() const noexcept = 0;

  virtual void overwrite(std::uint64_t offset, std::span<const std::byte> bytes) = 0;

  // Inserts `count` zero bytes, a multiple of block_size(), before the first byte, without a copy
  // of the file. Returns false if the file system cannot.
  virtual bool insert_start(std::uint64_t count) = 0;

  // Undoes insert_start().
  virtual void remove_start(std::uint64_t count) = 0;

  virtual void sync() = 0;
};

// Follows symbolic links. Throws Code::not_regular, not_found, permission, io, ...
std::unique_ptr<EditableFile> open_to_edit(const char* path);

// ---- Calls into the library --------------------------------------------------------------------

// While it lives, thread cancellation is deferred: a cancelled close() in a destructor would
// terminate the process. At its end errno is what it was.
class CallScope {
 public:
  CallScope() noexcept;
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  ~CallScope();

 private:
  int saved_errno_;
  int cancel_state_;
};

}  // namespace st
