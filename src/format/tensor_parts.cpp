#include "format/tensor_parts.h"

#include <algorithm>

#include "error.h"
#include "format/checked.h"
#include "format/tensor_size.h"

namespace st {
namespace {

using Shape = std::span<const std::uint64_t>;

Message about(const TensorPart& part) {
  return Message() << "tensor " << Quoted{part.tensor->name} << ": ";
}

bool is_empty(const TensorPart& part) {
  return std::ranges::find(part.tensor->shape, 0u) != part.tensor->shape.end();
}

std::uint64_t end_of(const TensorPart& part, std::size_t d) {
  return part.offsets[d] + part.tensor->shape[d];
}

// Checks what every part must have in common with the first one, and that its ends do not wrap.
void check_alike(const TensorPart& first, const TensorPart& part) {
  const std::size_t rank = part.tensor->shape.size();
  if (part.offsets.size() != rank) {
    throw Error(Code::schema, about(part) << "saved_offsets has " << part.offsets.size()
                                          << " numbers, the part has " << rank << " dimensions, in "
                                          << Quoted{part.file});
  }
  if (rank != first.tensor->shape.size()) {
    throw Error(Code::schema, about(part) << "its part in " << Quoted{part.file} << " has " << rank
                                          << " dimensions, that in " << Quoted{first.file}
                                          << " has " << first.tensor->shape.size());
  }
  if (part.tensor->dtype != first.tensor->dtype) {
    throw Error(Code::dtype, about(part) << "its part in " << Quoted{part.file} << " has dtype "
                                         << dtype_name(part.tensor->dtype) << ", that in "
                                         << Quoted{first.file} << " has "
                                         << dtype_name(first.tensor->dtype));
  }
  for (std::size_t d = 0; d < rank; ++d) {
    if (checked_add(part.offsets[d], part.tensor->shape[d])) continue;
    throw Error(Code::offset,
                about(part) << "the end of its part exceeds 64 bits, in " << Quoted{part.file});
  }
}

std::vector<std::uint64_t> shape_of(std::span<const TensorPart> parts) {
  const TensorPart* stated = nullptr;
  std::vector<std::uint64_t> shape(parts.front().tensor->shape.size(), 0);
  for (const TensorPart& part : parts) {
    for (std::size_t d = 0; d < shape.size(); ++d)
      shape[d] = std::max(shape[d], end_of(part, d));
    if (!part.global_shape) continue;
    if (stated && !std::ranges::equal(*stated->global_shape, *part.global_shape)) {
      throw Error(Code::schema, about(part)
                                    << "global_shape differs between " << Quoted{stated->file}
                                    << " and " << Quoted{part.file});
    }
    stated = &part;
  }
  if (stated) shape.assign(stated->global_shape->begin(), stated->global_shape->end());
  return shape;
}

void check_inside(const TensorPart& part, Shape shape) {
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (end_of(part, d) <= shape[d]) continue;
    throw Error(Code::offset, about(part)
                                  << "its part ends at " << end_of(part, d) << " of dimension " << d
                                  << ", which has " << shape[d] << ", in " << Quoted{part.file});
  }
}

// The dimension in which the parts begin at the most different places.
std::size_t most_divided(std::span<const TensorPart> parts, std::size_t rank) {
  std::size_t best = 0, most = 0;
  std::vector<std::uint64_t> begins(parts.size());
  for (std::size_t d = 0; d < rank; ++d) {
    std::ranges::transform(parts, begins.begin(),
                           [d](const TensorPart& part) { return part.offsets[d]; });
    std::ranges::sort(begins);
    // Clang 14 does not compile the subrange that std::ranges::unique returns.
    const auto repeated = std::unique(begins.begin(), begins.end());
    const auto count = static_cast<std::size_t>(repeated - begins.begin());
    if (count > most) {
      most = count;
      best = d;
    }
    begins.resize(parts.size());
  }
  return best;
}

bool overlap(const TensorPart& a, const TensorPart& b) {
  for (std::size_t d = 0; d < a.offsets.size(); ++d)
    if (end_of(a, d) <= b.offsets[d] || end_of(b, d) <= a.offsets[d]) return false;
  return true;
}

// `parts` have elements.
void check_disjoint(std::vector<TensorPart> parts, std::size_t rank) {
  const std::size_t d = most_divided(parts, rank);
  const auto begin = [&](const TensorPart& part) { return rank == 0 ? 0 : part.offsets[d]; };
  std::ranges::sort(parts, {}, begin);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (std::size_t j = i + 1; j < parts.size(); ++j) {
      if (rank > 0 && begin(parts[j]) >= end_of(parts[i], d)) break;
      if (!overlap(parts[i], parts[j])) continue;
      throw Error(Code::offset, about(parts[i]) << "its parts in " << Quoted{parts[i].file}
                                                << " and " << Quoted{parts[j].file} << " overlap");
    }
  }
}

}  // namespace

std::vector<std::uint64_t> join_parts(std::span<const TensorPart> parts) {
  for (const TensorPart& part : parts)
    check_alike(parts.front(), part);
  std::vector<std::uint64_t> shape = shape_of(parts);
  const TensorEntry& first = *parts.front().tensor;
  tensor_size(first.name, first.dtype, shape);
  std::vector<TensorPart> filled;
  for (const TensorPart& part : parts) {
    check_inside(part, shape);
    if (!is_empty(part)) filled.push_back(part);
  }
  // Disjoint parts of the shape fill it if they have as many elements.
  check_disjoint(filled, shape.size());
  std::uint64_t found = 0;
  for (const TensorPart& part : filled)
    found += element_count(first.name, part.tensor->shape);
  if (const std::uint64_t needed = element_count(first.name, shape); found != needed) {
    throw Error(Code::incomplete, about(parts.front())
                                      << "its parts have " << found << " of " << needed
                                      << " elements, one is in " << Quoted{parts.front().file});
  }
  return shape;
}

PartLayout::PartLayout(Shape global_shape, const TensorPart& part)
    : run_size_(0), run_count_(is_empty(part) ? 0 : 1), first_(0) {
  if (run_count_ == 0) return;
  const auto to_bytes = [&](std::uint64_t elements) {
    const std::uint64_t bits = elements * dtype_bits(part.tensor->dtype);
    if (bits % 8 == 0) return bits / 8;
    throw Error(Code::subbyte, about(part) << "its part does not begin and end on byte boundaries"
                                           << ", in " << Quoted{part.file});
  };
  // In elements; no product exceeds the number of the whole's elements.
  std::uint64_t run = 1, stride = 1, first = 0;
  for (std::size_t d = global_shape.size(); d-- > 0;) {
    const std::uint64_t count = part.tensor->shape[d];
    first += part.offsets[d] * stride;
    if (run == stride) {
      run *= count;
    } else if (count > 1) {
      dimensions_.push_back({count, to_bytes(stride)});
      run_count_ *= count;
    }
    stride *= global_shape[d];
  }
  run_size_ = to_bytes(run);
  first_ = to_bytes(first);
}

std::uint64_t PartLayout::offset_of(std::uint64_t run) const noexcept {
  std::uint64_t offset = first_;
  for (const Dimension& dimension : dimensions_) {
    offset += run % dimension.count * dimension.stride;
    run /= dimension.count;
  }
  return offset;
}

std::uint64_t PartLayout::find(std::uint64_t offset) const noexcept {
  std::uint64_t low = 0, high = run_count_;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (offset_of(middle) + run_size_ > offset) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace st
