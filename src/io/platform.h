// What the library needs from the operating system. A port implements this header and
// io/set_directory.h in a directory beside io/posix/; no file outside of that directory makes a
// system call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
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

// Opens a regular file; never blocks on a FIFO. Throws Code::not_found, permission, not_regular,
// io, ...
std::shared_ptr<const Source> open_path(const char* path, Backend backend, Access access);

// Duplicates the descriptor of a regular file, and neither uses nor moves its file position.
std::shared_ptr<const Source> open_descriptor(int descriptor, Backend backend, Access access);

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

  // Replaces the file at the path. With Durability::fsync the file is synced before, and its
  // directory after that: an error of the latter is reported although the file was replaced.
  virtual void commit() = 0;
};

// `size` bytes are preallocated for the file. Throws Code::not_regular unless the path is that of a
// regular file, of a symbolic link to one, of a dangling link, or new; and for a link whose
// resolution enters procfs (/dev/stdout), with both policies.
std::unique_ptr<AtomicFile> create_atomic_file(const char* path, const FileOptions& options,
                                               std::uint64_t size);

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
