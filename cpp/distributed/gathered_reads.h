// Reads runs of a file into memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <safetensors/safetensors.hpp>
#include <vector>

namespace safetensors {

// Runs that are adjacent in the file and in memory are one read. Short runs with short gaps between
// them are read together, gaps included, through a window: a gap of less than a page costs the file
// system nothing. Not thread-safe.
class GatheredReads {
 public:
  // Adds the bytes that are read to `counter`.
  GatheredReads(const File& file, std::atomic<std::uint64_t>* counter)
      : file_(file), counter_(counter) {}

  // Reads `nbytes` from `file_offset` to `memory`, at the latest in finish(). Throws Error.
  void add(std::uint64_t file_offset, std::byte* memory, std::uint64_t nbytes);
  void finish();

 private:
  struct Piece {
    std::uint64_t file_offset;
    std::byte* memory;
    std::uint64_t nbytes;

    std::uint64_t file_end() const noexcept { return file_offset + nbytes; }
  };

  void read(std::uint64_t file_offset, std::byte* memory, std::uint64_t nbytes);

  const File& file_;
  std::atomic<std::uint64_t>* counter_;
  std::vector<Piece> pieces_;
  std::unique_ptr<std::byte[]> window_;
};

}  // namespace safetensors
