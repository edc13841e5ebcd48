#include "cli/hash/file_hash.h"

#include <algorithm>
#include <vector>

#include "cli/parallel/parallel_work.h"

namespace safetensors::cli {

void add_content(const RawFile& file, Digest& digest,
                 const std::function<void(std::uint64_t)>& advance) {
  constexpr std::uint64_t piece_size = std::uint64_t{1} << 20;
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min(piece_size, file.size())));
  for (std::uint64_t at = 0; at < file.size(); at += piece_size) {
    const MutableBytes piece(buffer.data(),
                             static_cast<std::size_t>(std::min(piece_size, file.size() - at)));
    file.read_at(at, piece);
    digest.update(piece);
    advance(piece.size());
  }
}

std::string file_hash(const std::string& path, HashAlgorithm algorithm) {
  const RawFile file(path);
  Digest digest(algorithm);
  run_parallel(1, 1, "hashing", file.size(), [&](std::size_t, WorkProgress& progress) {
    add_content(file, digest, [&](std::uint64_t nbytes) { progress.advance(nbytes); });
  });
  return digest.hex();
}

}  // namespace safetensors::cli
