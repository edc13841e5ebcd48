#include "format/slice.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "error.h"
#include "io/platform.h"
#include "io/source.h"

namespace st {
namespace {

void check_ranges(const TensorEntry& tensor, std::span<const std::uint64_t> starts,
                  std::span<const std::uint64_t> stops) {
  const std::size_t rank = tensor.shape.size();
  if (starts.size() != rank) {
    throw Error(Code::invalid_argument, Message()
                                            << "tensor " << Quoted{tensor.name} << " has " << rank
                                            << " dimensions, the slice " << starts.size());
  }
  for (std::size_t d = 0; d < rank; ++d) {
    if (starts[d] <= stops[d] && stops[d] <= tensor.shape[d]) continue;
    throw Error(Code::out_of_range, Message()
                                        << "tensor " << Quoted{tensor.name} << ": the range "
                                        << starts[d] << " to " << stops[d] << " of dimension " << d
                                        << " does not fit its extent " << tensor.shape[d]);
  }
}

std::uint64_t whole_bytes(const TensorEntry& tensor, std::uint64_t elements) {
  const std::uint64_t bits = elements * dtype_bits(tensor.dtype);
  if (bits % 8 != 0) {
    throw Error(Code::subbyte, Message() << "tensor " << Quoted{tensor.name} << ": a run of "
                                         << elements << " elements of " << dtype_name(tensor.dtype)
                                         << " does not lie on whole bytes");
  }
  return bits / 8;
}

}  // namespace

// No product here wraps: none is more than the tensor's own element count, unless the slice is
// empty.
SlicePlan plan_slice(const TensorEntry& tensor, std::span<const std::uint64_t> starts,
                     std::span<const std::uint64_t> stops) {
  check_ranges(tensor, starts, stops);
  const std::size_t rank = tensor.shape.size();
  for (std::size_t d = 0; d < rank; ++d) {
    if (starts[d] == stops[d]) return {0, 0, 0, 0};
  }

  // The run takes in every dimension that is complete, and one more.
  std::size_t outer = rank;
  std::uint64_t run = 1;
  bool complete = true;
  while (outer > 0 && complete) {
    --outer;
    run *= stops[outer] - starts[outer];
    complete = starts[outer] == 0 && stops[outer] == tensor.shape[outer];
  }
  std::uint64_t runs = 1, first = 0, stride = 1;
  for (std::size_t d = rank; d-- > 0;) {
    first += starts[d] * stride;
    stride *= tensor.shape[d];
    if (d < outer) runs *= stops[d] - starts[d];
  }
  // Every run begins a whole number of strides after the first.
  std::uint64_t inner_stride = 1;
  for (std::size_t d = outer; d < rank; ++d)
    inner_stride *= tensor.shape[d];
  if (runs > 1) whole_bytes(tensor, inner_stride);
  const std::uint64_t run_bytes = whole_bytes(tensor, run);
  return {run_bytes * runs, whole_bytes(tensor, first), run_bytes, outer};
}

namespace {

// Steps through the runs in the order of the file.
class Runs {
 public:
  Runs(const TensorEntry& tensor, const SlicePlan& plan, std::span<const std::uint64_t> starts,
       std::span<const std::uint64_t> stops)
      : at_(plan.first), starts_(starts), stops_(stops), place_(starts.begin(), starts.end()) {
    std::uint64_t stride = 1;
    for (std::size_t d = plan.outer; d < starts.size(); ++d)
      stride *= tensor.shape[d];
    strides_.resize(plan.outer);
    for (std::size_t d = plan.outer; d-- > 0;) {
      strides_[d] = stride * dtype_bits(tensor.dtype) / 8;
      stride *= tensor.shape[d];
    }
  }

  std::uint64_t at() const noexcept { return at_; }

  void next() noexcept {
    for (std::size_t d = strides_.size(); d-- > 0;) {
      at_ += strides_[d];
      if (++place_[d] < stops_[d]) return;
      at_ -= (stops_[d] - starts_[d]) * strides_[d];
      place_[d] = starts_[d];
    }
  }

 private:
  std::uint64_t at_;
  std::span<const std::uint64_t> starts_;
  std::span<const std::uint64_t> stops_;
  std::vector<std::uint64_t> place_;
  std::vector<std::uint64_t> strides_;  // bytes, of the outer dimensions
};

}  // namespace

void read_slice(const Source& source, std::uint64_t tensor_offset, const TensorEntry& tensor,
                const SlicePlan& plan, std::span<const std::uint64_t> starts,
                std::span<const std::uint64_t> stops, void* buffer) {
  // Reading a gap costs less than another call as long as it is short.
  constexpr std::uint64_t longest_gap = 16 << 10;
  constexpr std::uint64_t window_size = 1 << 20;

  auto* out = static_cast<std::byte*>(buffer);
  Runs runs(tensor, plan, starts, stops);
  Bytes window;
  for (std::uint64_t left = plan.nbytes / std::max<std::uint64_t>(plan.run, 1); left > 0;) {
    const std::uint64_t first = runs.at();
    // How many runs from here fit the window with short gaps between them?
    Runs ahead = runs;
    std::uint64_t count = 1, end = first + plan.run;
    for (; count < left; ++count) {
      ahead.next();
      if (ahead.at() > end + longest_gap || ahead.at() + plan.run > first + window_size) break;
      end = ahead.at() + plan.run;
    }
    if (count == 1) {
      source.read_at(tensor_offset + first, out, plan.run);
      out += plan.run;
      runs.next();
    } else {
      if (!window.data) window = allocate_bytes(window_size);
      source.read_at(tensor_offset + first, window.writable, end - first);
      for (std::uint64_t i = 0; i < count; ++i, runs.next(), out += plan.run) {
        std::memcpy(out, window.data + (runs.at() - first), static_cast<std::size_t>(plan.run));
      }
    }
    left -= count;
  }
}

}  // namespace st
