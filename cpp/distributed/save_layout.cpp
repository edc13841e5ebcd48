#include "distributed/save_layout.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "distributed/plan_rules.h"

namespace safetensors {

SaveLayout::SaveLayout(const std::vector<DeclaredTensor>& tensors, const StagedFiles& files,
                       std::size_t processes, std::uint64_t chunk_nbytes)
    : files_of_(processes),
      tensors_of_(files.paths.size()),
      slices_(tensors.size()),
      first_bytes_(tensors.size()) {
  std::vector<std::uint64_t> file_nbytes(files.paths.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    tensors_of_.at(files.shard_of[i]).push_back(i);
    file_nbytes[files.shard_of[i]] += nbytes_of(tensors[i]);
  }

  // The largest file first, to the process that has the least.
  std::vector<std::size_t> by_size(file_nbytes.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](std::size_t a, std::size_t b) { return file_nbytes[a] > file_nbytes[b]; });
  std::vector<std::uint64_t> assigned(processes);  // bytes
  for (const std::size_t file : by_size) {
    const auto least = std::min_element(assigned.begin(), assigned.end());
    *least += file_nbytes[file];
    files_of_[static_cast<std::size_t>(least - assigned.begin())].push_back(file);
  }

  for (std::size_t process = 0; process < processes; ++process) {
    std::sort(files_of_[process].begin(), files_of_[process].end());
    std::vector<ScheduledTensor> scheduled;
    std::uint64_t first = 0;
    for (const std::size_t file : files_of_[process]) {
      for (const std::size_t i : tensors_of_[file]) {
        const std::uint64_t nbytes = nbytes_of(tensors[i]);
        const std::uint64_t bits = dtype_bits(tensors[i].dtype);
        first_bytes_[i] = first;
        if (nbytes != 0) scheduled.push_back({i, first, nbytes, bits < 8 ? 1 : bits / 8});
        first += nbytes;
      }
    }
    schedules_.emplace_back(std::move(scheduled), 1, chunk_nbytes);
    rounds_ = std::max(rounds_, schedules_.back().rounds());
  }

  for (std::size_t i = 0; i < tensors.size(); ++i) {
    TensorInfo info;
    info.name = tensors[i].name;
    info.dtype = tensors[i].dtype;
    info.shape = tensors[i].shape;
    info.file_offset = first_bytes_[i];
    slices_[i].resize(processes);
    std::set<PartIntervals> known;
    for (std::size_t process = 0; process < processes; ++process) {
      const auto& part = tensors[i].parts[process];
      if (part && known.insert(*part).second) slices_[i][process] = slice_of(info, *part);
    }
  }
}

std::vector<ScheduledPiece> SaveLayout::chunk(std::size_t round, std::size_t writer) const {
  const ChunkSchedule& schedule = schedules_[writer];
  if (round >= schedule.rounds()) return {};
  std::vector<ScheduledPiece> pieces = schedule.chunk(round, 0);
  for (ScheduledPiece& piece : pieces)
    piece.tensor = schedule.tensors()[piece.tensor].position;
  return pieces;
}

}  // namespace safetensors
