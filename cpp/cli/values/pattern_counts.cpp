#include "cli/values/pattern_counts.h"

#include <cmath>
#include <cstring>

#include "cli/values/decode.h"

namespace safetensors::cli {

namespace {

// An increment waits for the last one of the same counter: neighbours have counters of their own.
constexpr std::size_t tables = 2;

template <class Pattern>
void count(Bytes bytes, std::uint32_t* counts) {
  constexpr std::size_t size = std::size_t{1} << (8 * sizeof(Pattern));
  constexpr std::size_t patterns = sizeof(std::uint64_t) / sizeof(Pattern);
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    for (std::size_t i = 0; i < patterns; ++i, word >>= 8 * sizeof(Pattern) - 1, word >>= 1)
      ++counts[i % tables * size + static_cast<Pattern>(word)];
  }
  for (; at + sizeof(Pattern) <= bytes.size(); at += sizeof(Pattern)) {
    Pattern pattern;
    std::memcpy(&pattern, bytes.data() + at, sizeof pattern);
    ++counts[pattern];
  }
}

}  // namespace

bool counts_patterns(Dtype dtype, std::uint64_t elements) {
  const unsigned bits = dtype_bits(dtype);
  return (bits == 8 || bits == 16) && elements >= std::uint64_t{16} << bits;
}

void PartialPatternCounts::add(unsigned bits, Bytes bytes) {
  tables_.resize(tables << bits);
  if (bits == 8)
    count<std::uint8_t>(bytes, tables_.data());
  else
    count<std::uint16_t>(bytes, tables_.data());
}

PatternCounts::PatternCounts(Dtype dtype)
    : dtype_(dtype), counts_(std::size_t{1} << dtype_bits(dtype)) {}

void PatternCounts::take(PartialPatternCounts& part) {
  for (std::size_t table = 0; table < part.tables_.size(); table += counts_.size())
    for (std::size_t i = 0; i < counts_.size(); ++i)
      counts_[i] += part.tables_[table + i];
  part.tables_.clear();
}

Statistics PatternCounts::statistics(HistogramCounts* histogram) const {
  std::vector<std::uint16_t> patterns(counts_.size());
  for (std::size_t i = 0; i < patterns.size(); ++i)
    patterns[i] = static_cast<std::uint16_t>(i);
  std::vector<double> numbers(counts_.size());
  if (dtype_bits(dtype_) == 8) {
    const std::vector<std::uint8_t> bytes(patterns.begin(), patterns.end());
    decode(dtype_, bytes, Span<double>(numbers));
  } else {
    decode(dtype_, patterns, Span<double>(numbers));
  }
  const Statistics result = repeated_statistics(numbers, counts_);
  if (!histogram || result.finite() == 0) return result;
  const HistogramIntervals intervals(result.min, result.max);
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] > 0 && std::isfinite(numbers[i]))
      (*histogram)[intervals.index(numbers[i])] += counts_[i];
  return result;
}

}  // namespace safetensors::cli
