#include "io/read_slice.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "io/platform.h"

namespace st {
namespace {

// Iterates over the runs of a plan that has steps, in the order of the file.
class Runs {
 public:
  explicit Runs(const SlicePlan& plan) : steps_(plan.steps), index_(plan.steps.size(), 0) {}

  // Bytes from the begin of the first run.
  std::uint64_t offset() const noexcept { return offset_; }

  // The next runs that lie one stride apart.
  std::uint64_t count() const noexcept { return steps_[0].count - index_[0]; }
  std::uint64_t stride() const noexcept { return steps_[0].stride; }

  // Moves on by `runs`, at most count(). After the last run of the slice follows the first.
  void advance(std::uint64_t runs) noexcept {
    index_[0] += runs;
    offset_ += runs * steps_[0].stride;
    for (std::size_t i = 0; index_[i] == steps_[i].count;) {
      index_[i] = 0;
      offset_ -= steps_[i].count * steps_[i].stride;
      if (++i == steps_.size()) return;
      ++index_[i];
      offset_ += steps_[i].stride;
    }
  }

 private:
  std::span<const SlicePlan::Step> steps_;
  std::vector<std::uint64_t> index_;
  std::uint64_t offset_ = 0;
};

// A size that the compiler knows makes short copies single instructions.
template <std::size_t size>
void copy_short(const std::byte* from, std::uint64_t stride, std::uint64_t count, std::byte* out) {
  for (std::uint64_t i = 0; i < count; ++i)
    std::memcpy(out + i * size, from + i * stride, size);
}

void copy_strided(const std::byte* from, std::uint64_t stride, std::uint64_t count,
                  std::size_t size, std::byte* out) {
  switch (size) {
    case 1:
      return copy_short<1>(from, stride, count, out);
    case 2:
      return copy_short<2>(from, stride, count, out);
    case 4:
      return copy_short<4>(from, stride, count, out);
    case 8:
      return copy_short<8>(from, stride, count, out);
    default:
      for (std::uint64_t i = 0; i < count; ++i)
        std::memcpy(out + i * size, from + i * stride, size);
  }
}

// Copies the next `count` runs of `size` bytes to `out`. `bytes` begins with the first of them.
// Returns the end of the copy.
std::byte* copy_runs(const std::byte* bytes, Runs* runs, std::uint64_t count, std::size_t size,
                     std::byte* out) {
  const std::uint64_t begin = runs->offset();
  while (count > 0) {
    const std::uint64_t strided = std::min(count, runs->count());
    copy_strided(bytes + (runs->offset() - begin), runs->stride(), strided, size, out);
    out += strided * size;
    count -= strided;
    runs->advance(strided);
  }
  return out;
}

// One call reads all runs that fit a window and have only short gaps between them: reading a short
// gap costs less than another call.
void read_windows(const Source& source, std::uint64_t offset, const SlicePlan& plan,
                  std::byte* out) {
  constexpr std::uint64_t longest_gap = 16 << 10;
  constexpr std::uint64_t window_size = 1 << 20;

  Bytes window;
  Runs read(plan), copied(plan);
  for (std::uint64_t left = plan.nbytes / plan.run; left > 0;) {
    const std::uint64_t begin = read.offset();
    std::uint64_t count = 1, end = begin + plan.run;
    read.advance(1);
    while (count < left && read.offset() <= end + longest_gap &&
           read.offset() + plan.run <= begin + window_size) {
      end = read.offset() + plan.run;
      ++count;
      read.advance(1);
    }
    if (count == 1) {
      source.read_at(offset + begin, out, plan.run);
      out += plan.run;
      copied.advance(1);
    } else {
      if (!window.data) window = allocate_bytes(window_size);
      source.read_at(offset + begin, window.writable, end - begin);
      out = copy_runs(window.data, &copied, count, static_cast<std::size_t>(plan.run), out);
    }
    left -= count;
  }
}

}  // namespace

void read_slice(const Source& source, std::uint64_t tensor_offset, const SlicePlan& plan,
                void* buffer) {
  // read_at is as fast for longer runs, and cannot raise SIGBUS.
  constexpr std::uint64_t longest_copied_run = 16 << 10;

  if (plan.nbytes == 0) return;
  auto* out = static_cast<std::byte*>(buffer);
  const std::uint64_t offset = tensor_offset + plan.first;
  if (plan.steps.empty()) {
    source.read_at(offset, out, plan.run);
    return;
  }
  const std::byte* bytes =
      plan.run <= longest_copied_run ? source.in_place(offset, plan.span()) : nullptr;
  if (bytes) {
    Runs runs(plan);
    copy_runs(bytes, &runs, plan.nbytes / plan.run, static_cast<std::size_t>(plan.run), out);
  } else {
    read_windows(source, offset, plan, out);
  }
}

}  // namespace st
