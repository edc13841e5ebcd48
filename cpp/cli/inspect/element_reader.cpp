#include "cli/inspect/element_reader.h"

#include <cstring>

#include "cli/exit_code.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {
constexpr std::size_t window_size = std::size_t{1} << 16;
}  // namespace

ElementReader::ElementReader(const File& file, const SlicedTensor& sliced)
    : file_(file),
      sliced_(sliced),
      size_(sliced.size()),
      element_bits_(dtype_bits(sliced.tensor.dtype)) {
  const std::size_t rank = sliced_.dimensions.size();
  strides_.assign(rank, 1);
  for (std::size_t d = rank; d-- > 1;)
    strides_[d - 1] = strides_[d] * sliced_.tensor.shape[d];
}

std::uint64_t ElementReader::position(std::uint64_t index) const {
  std::uint64_t at = 0;
  for (std::size_t d = sliced_.dimensions.size(); d-- > 0;) {
    const DimensionSlice& slice = sliced_.dimensions[d];
    // Unsigned arithmetic wraps: also right for a negative step.
    at +=
        (slice.start + index % slice.count * static_cast<std::uint64_t>(slice.step)) * strides_[d];
    index /= slice.count;
  }
  return at;
}

Bytes ElementReader::read(std::uint64_t offset, std::size_t nbytes) {
  if (offset < window_offset_ || offset + nbytes > window_offset_ + window_.size()) {
    const std::uint64_t rest = sliced_.tensor.nbytes - offset;
    window_.resize(std::max<std::size_t>(
        nbytes, static_cast<std::size_t>(std::min<std::uint64_t>(window_size, rest))));
    file_.read_at(sliced_.tensor.file_offset + offset, window_);
    window_offset_ = offset;
  }
  return Bytes(window_.data() + (offset - window_offset_), nbytes);
}

std::uint64_t ElementReader::bits(std::uint64_t index) {
  const std::uint64_t first_bit = position(index) * element_bits_;
  const std::uint64_t begin = first_bit / 8, end = (first_bit + element_bits_ + 7) / 8;
  std::uint64_t word = 0;
  std::memcpy(&word, read(begin, end - begin).data(), end - begin);
  word >>= first_bit % 8;
  return element_bits_ < 64 ? word & ((std::uint64_t{1} << element_bits_) - 1) : word;
}

std::uint64_t ElementReader::run_length() const {
  std::uint64_t run = 1;
  for (std::size_t d = sliced_.dimensions.size(); d-- > 0;) {
    const DimensionSlice& slice = sliced_.dimensions[d];
    if (slice.step != 1 && slice.count != 1) break;
    run *= slice.count;
    if (slice.count != sliced_.tensor.shape[d]) break;
  }
  return run;
}

void ElementReader::require_whole_bytes() const {
  if (element_bits_ % 8 != 0 && !sliced_.is_whole())
    throw UsageError("a slice of " + quote(sliced_.tensor.name) + " cannot be written: its dtype " +
                     std::string(dtype_name(sliced_.tensor.dtype)) + " has " +
                     std::to_string(element_bits_) + " bits per element");
}

}  // namespace safetensors::cli
