// The memory of the fake accelerator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "fake_stream.h"

namespace fake {

// The value of bytes that were not written since allocation, and of freed bytes.
inline constexpr unsigned char poison = 0xA5;

// The memory of one device: a memory file that is mapped twice. Allocated pointers belong to a
// PROT_NONE mapping, so that access from the host raises SIGSEGV; the copies of the device use the
// other mapping.
//
// Allocation is stream-ordered: freed memory can be reused at once by work that is queued later on
// the same stream. A block is poisoned by work on its stream when it is allocated, and when it is
// freed, after the work that was queued until then on the streams recorded on it.
class Memory {
 public:
  Memory();

  // Throws c10::OutOfMemoryError.
  void* allocate(std::size_t nbytes, Stream& owner);
  void release(void* pointer);
  // Defers the reuse of the block until the work queued on the stream at its release is done.
  void record(void* pointer, Stream& user);

  bool contains(const void* pointer) const;
  // The bytes of an allocated block in the accessible mapping.
  std::byte* access(const void* pointer) const;

  // The number of the allocation that a pointer belongs to, and whether its memory was poisoned
  // since. The number increases with every allocation at that address.
  std::uint64_t generation(const void* pointer) const;
  bool is_dead(const void* pointer, std::uint64_t generation) const;

  std::size_t bytes_in_use() const;

 private:
  struct Block {
    std::size_t nbytes;  // of its size class
    Stream* owner;
    std::uint64_t generation;
    std::uint64_t poisonings;  // of released generations
    std::vector<Stream*> users;
    bool is_free;
  };
  using Blocks = std::map<std::size_t, Block>;  // by offset

  Blocks::const_iterator find(const void* pointer) const;

  mutable std::mutex mutex_;
  std::byte* inaccessible_;
  std::byte* accessible_;
  std::size_t end_ = 0;  // end of the last block
  Blocks blocks_;
  std::map<std::pair<Stream*, std::size_t>, std::vector<std::size_t>> free_;  // by owner and size
};

Memory& memory(int device);

// The index of the device whose memory it is; -1 for host memory.
int device_of(const void* pointer);

}  // namespace fake
