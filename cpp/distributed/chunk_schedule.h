// Divides bytes among the processes that read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace safetensors {

// Consecutive bytes that are a tensor's in the file: what ends inside of it ends between elements.
struct ScheduledTensor {
  std::size_t position;       // of the tensor, as the caller numbers them
  std::uint64_t file_offset;  // of its first byte
  std::uint64_t nbytes;       // not 0
  std::uint64_t itemsize;     // of an element, in bytes
};

// A part of a tensor.
struct ScheduledPiece {
  std::size_t tensor;        // index in the list of tensors
  std::uint64_t file_begin;  // bytes of the file
  std::uint64_t file_end;
  std::uint64_t offset;  // of the first of them in the chunk
};

// In each round each process reads one chunk of the bytes of the tensors, which follow each other
// in their order. The chunks of a process in consecutive rounds are adjacent, as far as a stripe
// goes: so reads of a process are sequential, and those of all processes are near each other. Each
// byte is in one chunk.
class ChunkSchedule {
 public:
  // `chunk_nbytes` is the largest chunk, a multiple of 16.
  ChunkSchedule(std::vector<ScheduledTensor> tensors, std::size_t processes,
                std::uint64_t chunk_nbytes);

  std::size_t rounds() const noexcept { return rounds_; }
  const std::vector<ScheduledTensor>& tensors() const noexcept { return tensors_; }

  // The chunk of a process in a round: pieces in the order of the file. May be empty.
  std::vector<ScheduledPiece> chunk(std::size_t round, std::size_t process) const;

 private:
  std::uint64_t aligned(std::uint64_t offset) const;

  std::vector<ScheduledTensor> tensors_;
  std::vector<std::uint64_t> begins_;  // of the tensors in the sequence of all bytes, and the end
  std::uint64_t processes_;
  std::uint64_t chunk_nbytes_;
  std::uint64_t chunks_in_stripe_;
  std::uint64_t full_rounds_ = 0;  // those of complete stripes
  std::uint64_t last_stripe_nbytes_ = 0;
  std::size_t rounds_ = 0;
};

}  // namespace safetensors
