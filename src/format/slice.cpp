#include "format/slice.h"

#include "error.h"

namespace st {
namespace {

void check_ranges(const TensorEntry& tensor, std::span<const std::uint64_t> starts,
                  std::span<const std::uint64_t> stops) {
  const std::size_t rank = tensor.shape.size();
  if (starts.size() != rank || stops.size() != rank) {
    throw Error(Code::invalid_argument, Message()
                                            << "tensor " << Quoted{tensor.name} << " has " << rank
                                            << " dimensions, the slice has " << starts.size());
  }
  for (std::size_t d = 0; d < rank; ++d) {
    if (starts[d] > stops[d]) {
      throw Error(Code::out_of_range, Message() << "tensor " << Quoted{tensor.name}
                                                << ": the slice of dimension " << d
                                                << " is reversed: start " << starts[d]
                                                << " is greater than stop " << stops[d]);
    }
    if (stops[d] > tensor.shape[d]) {
      throw Error(Code::out_of_range, Message()
                                          << "tensor " << Quoted{tensor.name} << ": slice ["
                                          << starts[d] << ", " << stops[d] << ") of dimension " << d
                                          << " exceeds its extent " << tensor.shape[d]);
    }
  }
}

bool is_empty(std::span<const std::uint64_t> starts, std::span<const std::uint64_t> stops) {
  for (std::size_t d = 0; d < starts.size(); ++d) {
    if (starts[d] == stops[d]) return true;
  }
  return false;
}

}  // namespace

std::uint64_t SlicePlan::span() const noexcept {
  std::uint64_t bytes = run;
  for (const Step& step : steps)
    bytes += (step.count - 1) * step.stride;
  return bytes;
}

SlicePlan plan_slice(const TensorEntry& tensor, std::span<const std::uint64_t> starts,
                     std::span<const std::uint64_t> stops) {
  check_ranges(tensor, starts, stops);
  SlicePlan plan;
  if (is_empty(starts, stops)) return plan;

  // In elements first. No product wraps: none exceeds the number of the tensor's elements.
  std::uint64_t elements = 1, stride = 1;
  const std::size_t rank = tensor.shape.size();
  std::size_t partial = rank;  // the innermost dimension that the slice does not take completely
  plan.run = 1;
  for (std::size_t d = rank; d-- > 0;) {
    const std::uint64_t count = stops[d] - starts[d];
    plan.first += starts[d] * stride;
    elements *= count;
    if (partial == rank && count < tensor.shape[d]) partial = d;
    if (stride == plan.run) {
      plan.run *= count;
    } else if (!plan.steps.empty() &&
               stride == plan.steps.back().count * plan.steps.back().stride) {
      plan.steps.back().count *= count;
    } else if (count > 1) {
      plan.steps.push_back({count, stride});
    }
    stride *= tensor.shape[d];
  }

  const auto to_bytes = [&](std::uint64_t count) {
    const std::uint64_t bits = count * dtype_bits(tensor.dtype);
    if (bits % 8 == 0) return bits / 8;
    throw Error(Code::subbyte, Message()
                                   << "tensor " << Quoted{tensor.name} << ": slice ["
                                   << starts[partial] << ", " << stops[partial] << ") of dimension "
                                   << partial << " with extent " << tensor.shape[partial]
                                   << " does not begin and end on byte boundaries: elements of "
                                   << dtype_name(tensor.dtype) << " have "
                                   << dtype_bits(tensor.dtype) << " bits");
  };
  plan.first = to_bytes(plan.first);
  plan.run = to_bytes(plan.run);
  for (SlicePlan::Step& step : plan.steps)
    step.stride = to_bytes(step.stride);
  plan.nbytes = to_bytes(elements);
  return plan;
}

}  // namespace st
