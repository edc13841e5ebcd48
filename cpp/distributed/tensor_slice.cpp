#include "distributed/tensor_slice.h"

namespace safetensors {

std::uint64_t count_of(const std::vector<Interval>& intervals) {
  std::uint64_t count = 0;
  for (const Interval& interval : intervals)
    count += interval.end - interval.begin;
  return count;
}

namespace {

// Joins intervals that are adjacent, and drops empty ones.
std::vector<Interval> joined(const std::vector<Interval>& intervals) {
  std::vector<Interval> result;
  for (const Interval& interval : intervals) {
    if (interval.begin == interval.end) continue;
    if (!result.empty() && result.back().end == interval.begin)
      result.back().end = interval.end;
    else
      result.push_back(interval);
  }
  return result;
}

}  // namespace

TensorSlice::TensorSlice(std::uint64_t file_offset, std::uint64_t itemsize,
                         const std::vector<std::uint64_t>& extents,
                         const std::vector<std::vector<Interval>>& intervals)
    : file_offset_(file_offset), file_nbytes_(itemsize), nbytes_(itemsize) {
  for (std::size_t d = 0; d < extents.size(); ++d) {
    file_nbytes_ *= extents[d];
    nbytes_ *= count_of(intervals[d]);
  }
  if (nbytes_ == 0) return;

  std::uint64_t file_stride = itemsize, local_stride = itemsize;
  for (std::size_t d = extents.size(); d-- > 0;) {
    Level level{file_stride, local_stride, joined(intervals[d])};
    const bool is_whole = level.intervals.size() == 1 && level.intervals[0].begin == 0 &&
                          level.intervals[0].end == extents[d];
    for (std::size_t i = 1; i < level.intervals.size(); ++i)
      is_ascending_ &= level.intervals[i - 1].end <= level.intervals[i].begin;
    file_stride *= extents[d];
    local_stride *= count_of(level.intervals);
    if (!is_whole || !levels_.empty()) levels_.push_back(std::move(level));
  }
  std::reverse(levels_.begin(), levels_.end());
}

std::uint64_t TensorSlice::shortest_run() const noexcept {
  if (is_empty() || levels_.empty()) return nbytes_;
  std::uint64_t shortest = nbytes_;
  for (const Interval& interval : levels_.back().intervals)
    shortest = std::min(shortest, (interval.end - interval.begin) * levels_.back().file_stride);
  return shortest;
}

// The local bytes of elements that precede this byte of the file, if the intervals ascend.
std::uint64_t TensorSlice::nbytes_before(std::uint64_t file_offset) const {
  if (file_offset <= file_offset_) return 0;
  std::uint64_t left = std::min(file_offset - file_offset_, file_nbytes_);
  if (levels_.empty()) return left;
  std::uint64_t before = 0;
  for (std::size_t depth = 0; depth < levels_.size(); ++depth) {
    const Level& level = levels_[depth];
    const std::uint64_t index = left / level.file_stride;
    left %= level.file_stride;
    bool has_index = false;
    for (const Interval& interval : level.intervals) {
      if (interval.begin < index)
        before += (std::min(interval.end, index) - interval.begin) * level.local_stride;
      has_index |= interval.begin <= index && index < interval.end;
    }
    if (!has_index) return before;
    if (depth + 1 == levels_.size()) before += left;
  }
  return before;
}

void TensorSlice::local_ranges(const ByteWindow& file, std::vector<LocalRange>* ranges) const {
  if (is_empty()) return;
  if (is_ascending_) {
    const std::uint64_t begin = nbytes_before(file.begin);
    const std::uint64_t end = nbytes_before(file.end);
    if (begin < end) ranges->push_back({begin, end - begin});
    return;
  }
  const std::size_t first = ranges->size();
  for_each_run(file, {}, [&](const Run& run) {
    if (ranges->size() > first && ranges->back().offset + ranges->back().nbytes == run.local_offset)
      ranges->back().nbytes += run.nbytes;
    else
      ranges->push_back({run.local_offset, run.nbytes});
  });
}

std::uint64_t TensorSlice::nbytes_in(const ByteWindow& file) const {
  if (is_empty()) return 0;
  if (is_ascending_) return nbytes_before(file.end) - nbytes_before(file.begin);
  std::uint64_t total = 0;
  for_each_run(file, {}, [&](const Run& run) { total += run.nbytes; });
  return total;
}

}  // namespace safetensors
