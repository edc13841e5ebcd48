// Plans which bytes of a file are read into which slab and copied to which tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace safetensors {

// The bytes of one destination in the file.
struct FileRange {
  std::uint64_t file_offset;
  std::uint64_t nbytes;
};

// One read: `nbytes` from `file_offset` of the file to `slab_offset` of the slab.
struct SlabRead {
  std::uint64_t file_offset;
  std::uint64_t slab_offset;
  std::uint64_t nbytes;
};

// One copy: `nbytes` from `slab_offset` of the slab to `offset` in the destination with the index
// `destination`.
struct SlabCopy {
  std::size_t destination;
  std::uint64_t offset;
  std::uint64_t slab_offset;
  std::uint64_t nbytes;
};

// The ranges are packed into slabs in their order. Ranges that are adjacent in the file share
// reads; a range that does not fit in a slab continues in the next one.
class ReadPlan {
 public:
  // slab_bytes is not 0.
  ReadPlan(std::span<const FileRange> ranges, std::uint64_t slab_bytes);

  // The number of times that a slab is filled.
  std::size_t fill_count() const noexcept { return fills_.size(); }
  std::span<const SlabRead> reads(std::size_t fill) const;
  std::span<const SlabCopy> copies(std::size_t fill) const;
  std::uint64_t nbytes(std::size_t fill) const { return fills_[fill].nbytes; }

 private:
  struct Fill {
    std::size_t first_read;
    std::size_t first_copy;
    std::uint64_t nbytes;
  };

  void add(const FileRange& range, std::size_t destination, std::uint64_t slab_bytes);

  std::vector<Fill> fills_;
  std::vector<SlabRead> reads_;
  std::vector<SlabCopy> copies_;
};

}  // namespace safetensors
