#include "cli/hash/model_hashes.h"

#include <algorithm>
#include <numeric>

#include "cli/output/ascii_json.h"
#include "cli/parallel/parallel_work.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t piece_size = std::uint64_t{1} << 20;

struct Range {
  std::uint64_t begin = 0, end = 0;
  std::string* hash = nullptr;  // the result
};

// Ranges in ascending order, for one thread.
using Lane = std::vector<Range>;

// The files, their data and their tensors are lanes of their own: their threads read the same bytes
// at about the same time, which the system then reads from the disk once.
std::vector<Lane> make_lanes(const File& file, const HashRequest& request, ModelHashes& hashes) {
  const std::vector<Shard> shards = file.shards();
  const std::vector<TensorInfo> tensors = file.tensors();
  if (request.files) hashes.files.resize(shards.size());
  if (request.data) hashes.data.resize(shards.size());
  if (request.tensors) hashes.tensors.resize(tensors.size());
  std::vector<Lane> lanes;
  std::size_t tensor = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::uint64_t begin = shards[i].first_offset, end = begin + shards[i].nbytes;
    if (request.files) lanes.push_back({{begin, end, &hashes.files[i]}});
    if (request.data) lanes.push_back({{data_begin(file, shards[i]), end, &hashes.data[i]}});
    if (!request.tensors) continue;
    Lane lane;
    // An empty tensor may be at the end of a shard.
    const bool is_last = i + 1 == shards.size();
    for (; tensor < tensors.size() && (is_last || tensors[tensor].file_offset < end); ++tensor)
      lane.push_back({tensors[tensor].file_offset,
                      tensors[tensor].file_offset + tensors[tensor].nbytes,
                      &hashes.tensors[tensor]});
    lanes.push_back(std::move(lane));
  }
  return lanes;
}

void hash_range(const File& file, const Range& range, HashAlgorithm algorithm,
                std::vector<std::byte>& buffer, WorkProgress& progress) {
  Digest digest(algorithm);
  for (std::uint64_t at = range.begin; at < range.end; at += piece_size) {
    const auto nbytes = static_cast<std::size_t>(std::min(piece_size, range.end - at));
    buffer.resize(std::max(buffer.size(), nbytes));
    const MutableBytes piece(buffer.data(), nbytes);
    file.read_at(at, piece);
    digest.update(piece);
    progress.advance(nbytes);
  }
  *range.hash = digest.hex();
}

}  // namespace

std::uint64_t data_begin(const File& file, const Shard& shard) {
  std::uint64_t header_size = 0;
  file.read_at(shard.first_offset,
               MutableBytes(reinterpret_cast<std::byte*>(&header_size), sizeof header_size));
  return shard.first_offset + sizeof header_size + header_size;
}

ModelHashes compute_hashes(const File& file, const HashRequest& request) {
  ModelHashes hashes;
  const std::vector<Lane> lanes = make_lanes(file, request, hashes);
  std::uint64_t total = 0;
  for (const Lane& lane : lanes)
    for (const Range& range : lane)
      total += range.end - range.begin;
  const std::size_t lanes_of_shard =
      std::size_t{request.files} + std::size_t{request.data} + std::size_t{request.tensors};
  run_parallel(lanes.size(), std::max(lanes_of_shard, machine_threads()), "hashing", total,
               [&](std::size_t index, WorkProgress& progress) {
                 std::vector<std::byte> buffer;
                 for (const Range& range : lanes[index])
                   hash_range(file, range, request.algorithm, buffer, progress);
               });
  file.verify_unchanged();
  return hashes;
}

std::string model_hash(const File& file, const std::vector<std::string>& tensor_hashes,
                       HashAlgorithm algorithm) {
  const std::vector<TensorInfo> tensors = file.tensors();
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return tensors[a].name < tensors[b].name; });
  Digest digest(algorithm);
  for (const std::size_t i : order) {
    std::string line = "[" + ascii_json_string(tensors[i].name) + ",\"";
    line += dtype_name(tensors[i].dtype);
    line += "\",[";
    for (const std::uint64_t extent : tensors[i].shape) {
      if (line.back() != '[') line += ',';
      line += std::to_string(extent);
    }
    line += "],\"" + tensor_hashes[i] + "\"]\n";
    digest.update(std::string_view(line));
  }
  return digest.hex();
}

}  // namespace safetensors::cli
