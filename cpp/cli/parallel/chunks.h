// ChunkRounds: divides tensors into chunks for jobs, a bounded number at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace safetensors::cli {

// A part of a tensor that one job reads.
struct Chunk {
  std::size_t tensor = 0;            // index
  std::uint64_t begin = 0, end = 0;  // elements

  std::uint64_t size() const { return end - begin; }
};

// Into which chunks a tensor is divided.
struct Division {
  std::uint64_t elements = 0;  // of the tensor; 0 to leave it out from here on
  std::uint64_t step = 1;      // elements of a chunk
};

// The chunks in the order of the tensors, in rounds, so that the results of a round need the same
// memory for a model of any size.
class ChunkRounds {
 public:
  using Divide = std::function<Division(std::size_t tensor)>;

  // Of the tensors `begin` to `end`. `divide` is called again in each round.
  ChunkRounds(std::size_t begin, std::size_t end, Divide divide);

  // The chunks of the next round; none after the last one.
  std::vector<Chunk> next();

 private:
  std::size_t tensor_, end_;
  std::uint64_t first_ = 0;  // element of the tensor
  Divide divide_;
};

}  // namespace safetensors::cli
