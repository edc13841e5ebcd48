// A part of a tensor as runs of bytes in the file and in the dense local tensor.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace safetensors {

// The elements begin <= i < end of a dimension.
struct Interval {
  std::uint64_t begin;
  std::uint64_t end;

  auto operator<=>(const Interval&) const = default;
};

// The elements of all intervals.
std::uint64_t count_of(const std::vector<Interval>& intervals);

// Whether the intervals are all elements of a dimension of this extent, in one.
inline bool is_all(const std::vector<Interval>& intervals, std::uint64_t extent) {
  return intervals.size() == 1 && intervals[0] == Interval{0, extent};
}

// A range of bytes. The default is unlimited.
struct ByteWindow {
  std::uint64_t begin = 0;
  std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
};

// Bytes that are contiguous in the file and in the local tensor.
struct Run {
  std::uint64_t file_offset;
  std::uint64_t local_offset;
  std::uint64_t nbytes;
};

// Bytes that are contiguous in the local tensor.
struct LocalRange {
  std::uint64_t offset;
  std::uint64_t nbytes;
};

class TensorSlice {
 public:
  // Nothing of no tensor.
  TensorSlice() = default;

  // The elements of the tensor at `file_offset` that `intervals`, one list for each extent, select.
  // The intervals of a dimension are joined in their order. `itemsize` is the size of an element in
  // bytes; the tensor has fewer than 2^63 bytes.
  TensorSlice(std::uint64_t file_offset, std::uint64_t itemsize,
              const std::vector<std::uint64_t>& extents,
              const std::vector<std::vector<Interval>>& intervals);

  std::uint64_t nbytes() const noexcept { return nbytes_; }
  bool is_empty() const noexcept { return nbytes_ == 0; }
  // Of the whole tensor in the file.
  ByteWindow file_bytes() const noexcept { return {file_offset_, file_offset_ + file_nbytes_}; }
  // The length of the shortest run, in bytes; not of those that a window cuts.
  std::uint64_t shortest_run() const noexcept;
  bool is_whole() const noexcept { return levels_.empty() && nbytes_ == file_nbytes_; }

  // Calls visit(Run) for the runs of the slice inside of both windows, in the order of the local
  // tensor. The windows are cut at any byte.
  template <class Visit>
  void for_each_run(const ByteWindow& file, const ByteWindow& local, Visit&& visit) const {
    if (!is_empty()) descend(0, file_offset_, 0, file, local, visit);
  }

  // The local bytes of the part of the slice that is in these bytes of the file, in the order in
  // which for_each_run() visits them.
  void local_ranges(const ByteWindow& file, std::vector<LocalRange>* ranges) const;
  std::uint64_t nbytes_in(const ByteWindow& file) const;

 private:
  // A dimension that is not whole, or precedes one that is not.
  struct Level {
    std::uint64_t file_stride;   // bytes from an element to the next one in the file
    std::uint64_t local_stride;  // the same in the local tensor
    std::vector<Interval> intervals;
  };

  std::uint64_t nbytes_before(std::uint64_t file_offset) const;

  template <class Visit>
  void descend(std::size_t depth, std::uint64_t file_base, std::uint64_t local_base,
               const ByteWindow& file, const ByteWindow& local, Visit& visit) const {
    if (depth == levels_.size())
      return emit({file_base, local_base, file_nbytes_}, file, local, visit);
    const Level& level = levels_[depth];
    const bool is_innermost = depth + 1 == levels_.size();
    for (const Interval& interval : level.intervals) {
      const std::uint64_t count = interval.end - interval.begin;
      const std::uint64_t first = file_base + interval.begin * level.file_stride;
      if (is_innermost) {
        emit({first, local_base, count * level.file_stride}, file, local, visit);
      } else {
        std::uint64_t from = 0, to = count;
        restrict_to(file, first, level.file_stride, &from, &to);
        restrict_to(local, local_base, level.local_stride, &from, &to);
        for (std::uint64_t i = from; i < to; ++i)
          descend(depth + 1, first + i * level.file_stride, local_base + i * level.local_stride,
                  file, local, visit);
      }
      local_base += count * level.local_stride;
    }
  }

  // Narrows the indices to those of the blocks of `stride` bytes from `base` that overlap the
  // window.
  static void restrict_to(const ByteWindow& window, std::uint64_t base, std::uint64_t stride,
                          std::uint64_t* from, std::uint64_t* to) {
    if (window.begin > base) *from = std::max(*from, (window.begin - base) / stride);
    if (window.end <= base)
      *to = 0;
    else if ((window.end - base - 1) / stride < *to)
      *to = (window.end - base - 1) / stride + 1;
  }

  template <class Visit>
  static void emit(Run run, const ByteWindow& file, const ByteWindow& local, Visit& visit) {
    std::uint64_t skip = 0;
    if (file.begin > run.file_offset) skip = file.begin - run.file_offset;
    if (local.begin > run.local_offset) skip = std::max(skip, local.begin - run.local_offset);
    if (skip >= run.nbytes) return;
    if (file.end <= run.file_offset || local.end <= run.local_offset) return;
    const std::uint64_t end =
        std::min({run.nbytes, file.end - run.file_offset, local.end - run.local_offset});
    if (skip >= end) return;
    visit(Run{run.file_offset + skip, run.local_offset + skip, end - skip});
  }

  std::uint64_t file_offset_ = 0;
  std::uint64_t file_nbytes_ = 0;
  std::uint64_t nbytes_ = 0;
  // The last level is the innermost dimension that is not whole: those after it are part of its
  // stride. Empty for a whole tensor.
  std::vector<Level> levels_;
  // Whether the intervals of every dimension ascend without overlap, so that local bytes have the
  // order of the file.
  bool is_ascending_ = true;
};

}  // namespace safetensors
