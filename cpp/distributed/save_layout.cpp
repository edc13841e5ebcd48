#include "distributed/save_layout.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <unordered_map>
#include <utility>

#include "distributed/plan_rules.h"
#include "names/quote.h"

namespace safetensors {

std::uint64_t nbytes_of(const DeclaredTensor& tensor) {
  std::uint64_t bits = dtype_bits(tensor.dtype);
  for (const std::uint64_t extent : tensor.shape)
    bits *= extent;
  return bits / 8;
}

void encode_declaration(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape,
                        const PartIntervals& part, ByteWriter* bytes) {
  bytes->text(name);
  bytes->number(static_cast<std::uint64_t>(dtype));
  bytes->number(shape.size());
  for (const std::uint64_t extent : shape)
    bytes->number(extent);
  encode_part(&part, shape, bytes);
}

std::vector<DeclaredTensor> join_declarations(const std::vector<std::vector<std::byte>>& encoded) {
  std::vector<DeclaredTensor> tensors;
  std::unordered_map<std::string, std::size_t> positions;
  for (std::size_t process = 0; process < encoded.size(); ++process) {
    ByteReader reader{Bytes(encoded[process])};
    for (std::uint64_t left = reader.number(); left > 0; --left) {
      DeclaredTensor tensor;
      tensor.name = reader.text();
      tensor.dtype = static_cast<Dtype>(reader.number());
      for (std::uint64_t dims = reader.number(); dims > 0; --dims)
        tensor.shape.push_back(reader.number());
      PartIntervals part;
      decode_part(tensor.shape, &reader, &part);

      const auto [found, is_new] = positions.emplace(tensor.name, tensors.size());
      if (is_new) {
        tensor.parts.resize(encoded.size());
        tensors.push_back(std::move(tensor));
      } else if (tensors[found->second].dtype != tensor.dtype ||
                 tensors[found->second].shape != tensor.shape) {
        throw Error(ST_E_INVALID_ARGUMENT, "tensor " + quote(tensor.name) + " of rank " +
                                               std::to_string(process) +
                                               " has another dtype or shape than on a lower rank");
      }
      auto& known = tensors[found->second].parts[process];
      if (known)
        throw Error(ST_E_DUPLICATE, "rank " + std::to_string(process) + " has two tensors " +
                                        quote(tensors[found->second].name));
      known = std::move(part);
    }
  }
  return tensors;
}

void encode_files(const StagedFiles& files, ByteWriter* bytes) {
  bytes->number(files.paths.size());
  for (const std::filesystem::path& path : files.paths)
    bytes->text(path.native());
  for (const std::uint64_t shard : files.shard_of)
    bytes->number(shard);
  bytes->number(static_cast<std::uint64_t>(files.durability));
  bytes->number(files.alignment);
  bytes->number(files.staging_bytes);
  bytes->number(files.metadata.size());
  for (const auto& [key, value] : files.metadata) {
    bytes->text(key);
    bytes->text(value);
  }
}

StagedFiles decode_files(Bytes bytes, std::size_t tensor_count) {
  ByteReader reader(bytes);
  StagedFiles files;
  for (std::uint64_t left = reader.number(); left > 0; --left)
    files.paths.emplace_back(reader.text());
  for (std::size_t i = 0; i < tensor_count; ++i)
    files.shard_of.push_back(reader.number());
  files.durability = static_cast<Durability>(reader.number());
  files.alignment = reader.number();
  files.staging_bytes = reader.number();
  for (std::uint64_t left = reader.number(); left > 0; --left) {
    std::string key = reader.text();
    files.metadata.emplace(std::move(key), reader.text());
  }
  return files;
}

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
  std::vector<std::uint64_t> load(processes);
  for (const std::size_t file : by_size) {
    const auto least = std::min_element(load.begin(), load.end());
    *least += file_nbytes[file];
    files_of_[static_cast<std::size_t>(least - load.begin())].push_back(file);
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
