#include "cli/parallel/chunks.h"

#include <algorithm>
#include <utility>

namespace safetensors::cli {

namespace {
constexpr std::size_t round_size = 1024;
}  // namespace

ChunkRounds::ChunkRounds(std::size_t begin, std::size_t end, Divide divide)
    : tensor_(begin), end_(end), divide_(std::move(divide)) {}

std::vector<Chunk> ChunkRounds::next() {
  std::vector<Chunk> chunks;
  for (; tensor_ < end_; ++tensor_, first_ = 0) {
    const Division division = divide_(tensor_);
    while (first_ < division.elements) {
      if (chunks.size() == round_size) return chunks;
      const std::uint64_t last = std::min(division.elements, first_ + division.step);
      chunks.push_back({tensor_, first_, last});
      first_ = last;
    }
  }
  return chunks;
}

}  // namespace safetensors::cli
