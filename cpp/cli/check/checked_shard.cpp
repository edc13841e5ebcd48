#include "cli/check/checked_shard.h"

#include <algorithm>

#include "cli/exit_code.h"
#include "cli/input/raw_header.h"

namespace safetensors::cli {

namespace {

bool has_same_data(const RawFile& a, std::uint64_t a_begin, const RawFile& b, std::uint64_t b_begin,
                   std::uint64_t nbytes) {
  constexpr std::uint64_t piece = std::uint64_t{1} << 20;
  for (std::uint64_t at = 0; at < nbytes; at += piece) {
    const auto count = static_cast<std::size_t>(std::min(piece, nbytes - at));
    if (a.text_at(a_begin + at, count) != b.text_at(b_begin + at, count)) return false;
  }
  return true;
}

bool is_same_tensor(const TensorInfo& a, const TensorInfo& b) {
  return a.dtype == b.dtype &&
         std::equal(a.shape.begin(), a.shape.end(), b.shape.begin(), b.shape.end());
}

}  // namespace

const std::uint64_t* CheckedShard::find(const std::string& name) const {
  const auto found = std::lower_bound(
      tensors.begin(), tensors.end(), name,
      [](const auto& tensor, const std::string& wanted) { return tensor.first < wanted; });
  return found != tensors.end() && found->first == name ? &found->second : nullptr;
}

CheckedShard valid_shard(const File& file) {
  CheckedShard shard;
  shard.is_valid = true;
  shard.is_distributed = file.metadata("DCP_SHARDING_INFO").has_value();
  for (const TensorInfo& tensor : file.tensors(Order::Name))
    shard.tensors.emplace_back(tensor.name, tensor.nbytes);
  return shard;
}

std::optional<CheckedShard> damaged_shard(const std::string& path) {
  try {
    RawHeader header = read_raw_header(RawFile(path));
    if (!header.has_json || !header.defect.empty()) return std::nullopt;
    CheckedShard shard;
    for (RawEntry& entry : header.entries)
      shard.tensors.emplace_back(std::move(entry.name), entry.end - entry.begin);
    std::sort(shard.tensors.begin(), shard.tensors.end());
    return shard;
  } catch (const IoError&) {
    return std::nullopt;
  }
}

std::vector<std::string> different_tensors(const std::string& path, const std::string& other_path,
                                           const std::vector<std::string>& names) {
  OpenOptions options;
  options.backend = Backend::Pread;
  const File file = File::open(path, options), other = File::open(other_path, options);
  const RawFile data(path), other_data(other_path);
  std::vector<std::string> different;
  for (const std::string& name : names) {
    const auto a = file.find(name), b = other.find(name);
    if (!a || !b) continue;
    if (!is_same_tensor(*a, *b) ||
        !has_same_data(data, a->file_offset, other_data, b->file_offset, a->nbytes))
      different.push_back(name);
  }
  return different;
}

}  // namespace safetensors::cli
