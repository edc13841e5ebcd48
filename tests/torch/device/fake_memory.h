// The fake accelerator's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "fake_stream.h"

namespace fake {

// Bytes that nobody has written; what is freed becomes them too.
inline constexpr unsigned char poison = 0xA5;

// The memory of one device: a file in memory that is mapped twice. Pointers that are handed out are
// of the mapping that allows nothing, so that whoever touches device memory faults; the device's
// own copies use the other one.
//
// Memory is allocated and freed in the order of a stream: what is freed may be had again at once,
// but only by work that is queued on the same stream later. A new block is poisoned by work queued
// there, and a freed one too, once the streams that were recorded on it have done what was queued
// on them by then.
class Memory {
 public:
  Memory();

  // Throws c10::OutOfMemoryError.
  void* allocate(std::size_t nbytes, Stream& owner);
  void release(void* pointer);
  // The block's memory must not be reused before what the stream has to do at its release is done.
  void record(void* pointer, Stream& user);

  bool contains(const void* pointer) const;
  // The device's own view of bytes in an allocated block.
  std::byte* access(const void* pointer) const;

  // Which allocation a pointer belongs to, and whether its memory was poisoned since. For one
  // pointer the number grows with every allocation.
  std::uint64_t generation(const void* pointer) const;
  bool is_dead(const void* pointer, std::uint64_t generation) const;

  std::size_t bytes_in_use() const;

 private:
  struct Block {
    std::size_t nbytes;  // of its size class
    Stream* owner;
    std::uint64_t generation;
    std::uint64_t poisonings;  // of those generations that were released
    std::vector<Stream*> users;
    bool is_free;
  };
  using Blocks = std::map<std::size_t, Block>;  // by offset

  Blocks::const_iterator find(const void* pointer) const;

  mutable std::mutex mutex_;
  std::byte* handed_out_;
  std::byte* own_;
  std::size_t end_ = 0;  // no block lies beyond
  Blocks blocks_;
  std::map<std::pair<Stream*, std::size_t>, std::vector<std::size_t>> free_;  // by owner and size
};

Memory& memory(int device);

// The device whose memory it is; -1 for none.
int device_of(const void* pointer);

}  // namespace fake
