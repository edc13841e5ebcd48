// Which process writes which tensors of a set, and which has which parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "distributed/chunk_schedule.h"
#include "distributed/save_messages.h"
#include "distributed/tensor_slice.h"

namespace safetensors {

class SaveLayout {
 public:
  // Divides the files among the processes by their sizes. `chunk_nbytes` as in ChunkSchedule.
  SaveLayout(const std::vector<DeclaredTensor>& tensors, const StagedFiles& files,
             std::size_t processes, std::uint64_t chunk_nbytes);

  std::size_t rounds() const noexcept { return rounds_; }

  // The files that a process writes, and the tensors of a file, in their order.
  const std::vector<std::size_t>& files_of(std::size_t process) const { return files_of_[process]; }
  const std::vector<std::size_t>& tensors_of(std::size_t file) const { return tensors_of_[file]; }

  // What a process writes in a round: pieces whose `tensor` is the position in the declarations,
  // and whose positions are those of the slices.
  std::vector<ScheduledPiece> chunk(std::size_t round, std::size_t writer) const;

  // What a process sends of a tensor, whose first byte is at slice.file_bytes().begin. Of processes
  // with the same part the first sends it.
  const TensorSlice& slice(std::size_t process, std::size_t tensor) const {
    return slices_[tensor][process];
  }
  std::uint64_t first_byte(std::size_t tensor) const { return first_bytes_[tensor]; }

 private:
  std::vector<std::vector<std::size_t>> files_of_;
  std::vector<std::vector<std::size_t>> tensors_of_;
  std::vector<ChunkSchedule> schedules_;  // of each process
  std::vector<std::vector<TensorSlice>> slices_;
  std::vector<std::uint64_t> first_bytes_;
  std::size_t rounds_ = 0;
};

}  // namespace safetensors
