// What a File says about itself, its shards and where its tensors are.
#ifndef SAFETENSORS_WRAPPER_FILE_PROPERTIES_HPP
#define SAFETENSORS_WRAPPER_FILE_PROPERTIES_HPP

#include <safetensors/safetensors.h>

#include <cstdint>
#include <filesystem>

namespace safetensors {

enum class Order : std::uint32_t { File = ST_ORDER_FILE, Name = ST_ORDER_NAME };

// Form of the __metadata__ of a header.
enum class MetadataForm : std::uint32_t {
  Absent = ST_METADATA_ABSENT,
  Null = ST_METADATA_NULL,
  Object = ST_METADATA_OBJECT,  // which may be empty
};

// A range of bytes in a file.
struct ByteRange {
  std::uint64_t file_offset = 0;
  std::uint64_t nbytes = 0;
};

// Identity of a file: tells whether two Files refer to the same file, and whether another file has
// replaced it at its path. Device and inode are 0 for memory and from_io.
struct Identity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t nbytes = 0;         // size of the file
  std::uint64_t header_nbytes = 0;  // size of the header without the 8 bytes of its length

  friend bool operator==(const Identity& a, const Identity& b) noexcept {
    return a.device == b.device && a.inode == b.inode && a.nbytes == b.nbytes &&
           a.header_nbytes == b.header_nbytes;
  }
  friend bool operator!=(const Identity& a, const Identity& b) noexcept { return !(a == b); }
};

// A file of a set.
struct Shard {
  std::filesystem::path path;      // empty unless the File was opened by a path
  std::uint64_t first_offset = 0;  // file offset of the shard's first byte in the set
  std::uint64_t nbytes = 0;
  std::uint64_t tensor_count = 0;  // tensors that the set has from this shard
};

// Where a tensor's bytes are.
struct Location {
  int fd = -1;                    // of the shard, owned by the File; -1 if none stays open
  std::uint64_t shard = 0;        // index in File::shards()
  std::filesystem::path path;     // of the shard
  std::uint64_t file_offset = 0;  // from the first byte of the shard
  std::uint64_t nbytes = 0;
};

// The elements begin <= i < end of a dimension. By default all: {} and {begin} end with the last.
struct Slice {
  static constexpr std::uint64_t last = UINT64_MAX;

  std::uint64_t begin = 0;
  std::uint64_t end = last;
};

}  // namespace safetensors

#endif
