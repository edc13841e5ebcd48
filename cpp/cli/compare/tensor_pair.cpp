#include "cli/compare/tensor_pair.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "cli/compare/wide_distance.h"
#include "cli/output/numbers.h"
#include "cli/output/progress_bar.h"
#include "cli/parallel/chunks.h"
#include "cli/parallel/parallel_work.h"
#include "cli/values/decode.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t chunk_bytes = std::uint64_t{1} << 20;
constexpr std::size_t block_elements = element_step * 64;  // of values, which stay in the cache
constexpr std::uint64_t all_same = UINT64_MAX;

// Device and inode of the file that has a tensor; nothing if they cannot be found.
std::optional<std::pair<dev_t, ino_t>> file_id(const Location& place) {
  struct stat status {};
  const bool is_found =
      place.fd >= 0 ? fstat(place.fd, &status) == 0 : stat(place.path.c_str(), &status) == 0;
  if (!is_found) return std::nullopt;
  return std::pair(status.st_dev, status.st_ino);
}

// Whether two tensors are the same bytes of the same file.
bool is_same_place(const File& a, const File& b, const TensorPair& pair) {
  const Location place_a = a.location(pair.a.name), place_b = b.location(pair.b.name);
  if (place_a.file_offset != place_b.file_offset || pair.a.nbytes != pair.b.nbytes) return false;
  const auto id = file_id(place_a);
  return id && id == file_id(place_b);
}

// The results of a chunk.
struct ChunkDifference {
  std::uint64_t first_byte = all_same;
  ValueDifference values;
};

// Elements of a chunk, of which neither tensor has more than chunk_bytes.
std::uint64_t elements_of_chunk(const TensorPair& pair) {
  const std::uint64_t bits = std::max(dtype_bits(pair.a.dtype), dtype_bits(pair.b.dtype));
  return chunk_bytes * 8 / bits / element_step * element_step;
}

// Bytes of both tensors.
std::uint64_t bytes_of(const TensorPair& pair, std::uint64_t elements) {
  return element_bytes(pair.a.dtype, elements) + element_bytes(pair.b.dtype, elements);
}

bool has_same_shape(const TensorPair& pair) {
  return std::equal(pair.a.shape.begin(), pair.a.shape.end(), pair.b.shape.begin(),
                    pair.b.shape.end());
}

bool has_comparable_values(const TensorPair& pair) {
  return numbers_per_element(pair.a.dtype) == numbers_per_element(pair.b.dtype);
}

class Comparison {
 public:
  Comparison(const File& a, const File& b, const CompareOptions& options,
             std::vector<TensorPair>& pairs)
      : a_(a), b_(b), options_(options), pairs_(pairs) {}

  void run() {
    std::uint64_t total = 0;
    for (TensorPair& pair : pairs_) {
      prepare(pair);
      if (pair.is_read) total += bytes_of(pair, element_count(pair.a.shape));
    }
    first_differing_ = std::make_unique<std::atomic<std::uint64_t>[]>(pairs_.size());
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      first_differing_[i] = all_same;
    ProgressBar bar("comparing");
    ChunkRounds rounds(0, pairs_.size(), [this](std::size_t index) { return division(index); });
    std::vector<Chunk> chunks;
    while (!(chunks = rounds.next()).empty())
      run_round(chunks, bar, total);
  }

 private:
  void prepare(TensorPair& pair) const {
    pair.has_tolerance = options_.has_tolerance;
    pair.has_same_bytes = is_same_place(a_, b_, pair);
    if (pair.has_same_bytes && pair.a.dtype == pair.b.dtype) return;
    if (!has_same_shape(pair)) return;
    pair.has_values = options_.values && has_comparable_values(pair);
    pair.is_read = pair.a.dtype == pair.b.dtype || pair.has_values;
    if (pair.is_read) pair.has_same_bytes = pair.a.dtype == pair.b.dtype;
  }

  // A difference is all that is asked for without values.
  static bool is_decided(const TensorPair& pair) {
    return !pair.has_values && !pair.has_same_bytes;
  }

  Division division(std::size_t index) const {
    const TensorPair& pair = pairs_[index];
    if (!pair.is_read || is_decided(pair)) return {};
    return {element_count(pair.a.shape), elements_of_chunk(pair)};
  }

  void run_round(const std::vector<Chunk>& chunks, ProgressBar& bar, std::uint64_t total) {
    std::vector<ChunkDifference> differences(chunks.size());
    run_parallel(chunks.size(), machine_threads(), bar, bytes_before(chunks[0]), total,
                 [&](std::size_t index, WorkProgress& progress) {
                   const Chunk& chunk = chunks[index];
                   compare(chunk, differences[index]);
                   progress.advance(bytes_of(pairs_[chunk.tensor], chunk.size()));
                 });
    for (std::size_t i = 0; i < chunks.size(); ++i)
      merge(chunks[i], differences[i]);
  }

  // Bytes before a chunk, with those of chunks that were left out.
  std::uint64_t bytes_before(const Chunk& chunk) {
    for (; passed_pairs_ < chunk.tensor; ++passed_pairs_) {
      const TensorPair& pair = pairs_[passed_pairs_];
      if (pair.is_read) passed_bytes_ += bytes_of(pair, element_count(pair.a.shape));
    }
    return passed_bytes_ + bytes_of(pairs_[chunk.tensor], chunk.begin);
  }

  void merge(const Chunk& chunk, const ChunkDifference& difference) {
    TensorPair& pair = pairs_[chunk.tensor];
    pair.values.merge(difference.values);
    if (difference.first_byte == all_same || !pair.has_same_bytes) return;
    pair.has_same_bytes = false;
    pair.first_byte = difference.first_byte;
  }

  static std::vector<std::byte> read(const File& file, const TensorInfo& tensor,
                                     const Chunk& chunk) {
    std::vector<std::byte> bytes(element_bytes(tensor.dtype, chunk.size()));
    file.read_at(tensor.file_offset + element_bytes(tensor.dtype, chunk.begin), bytes);
    return bytes;
  }

  void compare(const Chunk& chunk, ChunkDifference& difference) {
    const TensorPair& pair = pairs_[chunk.tensor];
    std::atomic<std::uint64_t>& first_differing = first_differing_[chunk.tensor];
    if (!pair.has_values && first_differing < chunk.begin) return;
    const auto bytes_a = read(a_, pair.a, chunk), bytes_b = read(b_, pair.b, chunk);
    if (pair.a.dtype == pair.b.dtype) {
      const auto first = std::mismatch(bytes_a.begin(), bytes_a.end(), bytes_b.begin()).first;
      if (first != bytes_a.end()) {
        difference.first_byte = element_bytes(pair.a.dtype, chunk.begin) +
                                static_cast<std::uint64_t>(first - bytes_a.begin());
        lower(first_differing, chunk.begin);
      }
    }
    if (pair.has_values) add_values(pair, bytes_a, bytes_b, difference.values);
  }

  static void lower(std::atomic<std::uint64_t>& least, std::uint64_t element) {
    std::uint64_t known = least;
    while (element < known && !least.compare_exchange_weak(known, element)) {
    }
  }

  void add_values(const TensorPair& pair, Bytes bytes_a, Bytes bytes_b,
                  ValueDifference& values) const {
    double numbers_a[2 * block_elements], numbers_b[2 * block_elements];
    double distances[2 * block_elements];
    const bool is_wide = has_wide_integers(pair.a.dtype) || has_wide_integers(pair.b.dtype);
    const std::uint64_t elements = bytes_a.size() * 8 / dtype_bits(pair.a.dtype);
    for (std::uint64_t at = 0; at < elements; at += block_elements) {
      const std::uint64_t count = std::min<std::uint64_t>(block_elements, elements - at);
      const auto decode_block = [&](Dtype dtype, Bytes bytes, double* numbers) {
        const Bytes part(bytes.data() + element_bytes(dtype, at), element_bytes(dtype, count));
        const Span<double> span(numbers, count * numbers_per_element(dtype));
        decode(dtype, part, span);
        return ElementBlock{dtype, part, span};
      };
      const ElementBlock a = decode_block(pair.a.dtype, bytes_a, numbers_a);
      const ElementBlock b = decode_block(pair.b.dtype, bytes_b, numbers_b);
      const Span<double> span(distances, a.numbers.size());
      if (is_wide)
        wide_distances(a, b, span);
      else
        compute_distances(a.numbers, b.numbers, span);
      values.add(a.numbers, b.numbers, span, options_.tolerance);
    }
  }

  const File& a_;
  const File& b_;
  const CompareOptions& options_;
  std::vector<TensorPair>& pairs_;
  std::size_t passed_pairs_ = 0;
  std::uint64_t passed_bytes_ = 0;
  std::unique_ptr<std::atomic<std::uint64_t>[]> first_differing_;  // chunk of each pair: its begin
};

}  // namespace

void compare_pairs(const File& a, const File& b, const CompareOptions& options,
                   std::vector<TensorPair>& pairs) {
  Comparison(a, b, options, pairs).run();
  a.verify_unchanged();
  b.verify_unchanged();
}

}  // namespace safetensors::cli
