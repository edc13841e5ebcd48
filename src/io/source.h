// Where a file's bytes come from. Sources are immutable and read from any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "callbacks.h"
#include "io/bytes.h"

namespace st {

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // Length in bytes, fixed when the source was made.
  virtual std::uint64_t size() const noexcept = 0;

  // Fills `buffer` with exactly `count` bytes from `offset`; offset + count is at most size().
  virtual void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const = 0;

  // The same bytes as memory: in place where the source can, else read into memory of their own.
  virtual Bytes get(std::uint64_t offset, std::uint64_t count) const;

  // Throws Code::truncated or Code::changed.
  virtual void verify_unchanged() const {}
};

enum class Backend : std::uint32_t { automatic = 0, mmap = 1, pread = 2 };
enum class Mapping : std::uint32_t { read_only = 0, copy_on_write = 1 };

// `bytes` are used in place and `owner` is kept as long as anything uses them.
std::shared_ptr<const Source> borrow_memory(const void* bytes, std::uint64_t size,
                                            std::shared_ptr<const void> owner);

std::shared_ptr<const Source> copy_memory(const void* bytes, std::uint64_t size);

struct Callbacks {
  std::uint64_t size;
  void* user_data;
  ReadAtFn read_at;
  std::shared_ptr<const void> owner;  // kept as long as anything reads
};

std::shared_ptr<const Source> open_callbacks(Callbacks callbacks);

}  // namespace st
