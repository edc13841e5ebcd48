#include "cli/compare/tensor_pair.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "cli/output/numbers.h"
#include "cli/values/decode.h"
#include "cli/work/parallel_work.h"

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

struct Chunk {
  std::size_t pair = 0;
  std::uint64_t begin = 0, end = 0;  // elements
  std::uint64_t first_byte = all_same;
  ValueDifference values;
};

// Elements of a chunk, of which neither tensor has more than chunk_bytes.
std::uint64_t elements_of_chunk(const TensorPair& pair) {
  const std::uint64_t bits = std::max(dtype_bits(pair.a.dtype), dtype_bits(pair.b.dtype));
  return chunk_bytes * 8 / bits / element_step * element_step;
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
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      TensorPair& pair = pairs_[i];
      pair.has_tolerance = options_.has_tolerance;
      pair.has_same_bytes = is_same_place(a_, b_, pair);
      if (pair.has_same_bytes && pair.a.dtype == pair.b.dtype) continue;
      if (!has_same_shape(pair)) continue;
      pair.has_values = options_.values && has_comparable_values(pair);
      if (pair.a.dtype == pair.b.dtype || pair.has_values) add_chunks(i);
    }
    first_differing_ = std::make_unique<std::atomic<std::size_t>[]>(pairs_.size());
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      first_differing_[i] = SIZE_MAX;
    for (const Chunk& chunk : chunks_)
      total += chunk.end - chunk.begin;
    run_parallel(chunks_.size(), machine_threads(), "comparing", total,
                 [&](std::size_t index, WorkProgress& progress) {
                   compare(index);
                   progress.advance(chunks_[index].end - chunks_[index].begin);
                 });
    merge_chunks();
  }

 private:
  void add_chunks(std::size_t index) {
    const std::uint64_t elements = element_count(pairs_[index].a.shape);
    const std::uint64_t step = elements_of_chunk(pairs_[index]);
    pairs_[index].has_same_bytes = pairs_[index].a.dtype == pairs_[index].b.dtype;
    for (std::uint64_t begin = 0; begin < elements; begin += step)
      chunks_.push_back({index, begin, std::min(elements, begin + step), all_same, {}});
  }

  static std::vector<std::byte> read(const File& file, const TensorInfo& tensor,
                                     const Chunk& chunk) {
    std::vector<std::byte> bytes(element_bytes(tensor.dtype, chunk.end - chunk.begin));
    file.read_at(tensor.file_offset + element_bytes(tensor.dtype, chunk.begin), bytes);
    return bytes;
  }

  void compare(std::size_t index) {
    Chunk& chunk = chunks_[index];
    const TensorPair& pair = pairs_[chunk.pair];
    // An earlier chunk differs, which is all that is asked for.
    if (!pair.has_values && first_differing_[chunk.pair] < index) return;
    const auto bytes_a = read(a_, pair.a, chunk), bytes_b = read(b_, pair.b, chunk);
    if (pair.a.dtype == pair.b.dtype) {
      const auto first = std::mismatch(bytes_a.begin(), bytes_a.end(), bytes_b.begin()).first;
      if (first != bytes_a.end()) {
        chunk.first_byte = element_bytes(pair.a.dtype, chunk.begin) +
                           static_cast<std::uint64_t>(first - bytes_a.begin());
        lower(first_differing_[chunk.pair], index);
      }
    }
    if (pair.has_values) add_values(pair, bytes_a, bytes_b, chunk);
  }

  static void lower(std::atomic<std::size_t>& least, std::size_t index) {
    std::size_t known = least;
    while (index < known && !least.compare_exchange_weak(known, index)) {
    }
  }

  void add_values(const TensorPair& pair, Bytes bytes_a, Bytes bytes_b, Chunk& chunk) const {
    double numbers_a[2 * block_elements], numbers_b[2 * block_elements];
    const std::uint64_t elements = chunk.end - chunk.begin;
    for (std::uint64_t at = 0; at < elements; at += block_elements) {
      const std::uint64_t count = std::min<std::uint64_t>(block_elements, elements - at);
      const auto decode_block = [&](Dtype dtype, Bytes bytes, double* numbers) {
        const Span<double> span(numbers, count * numbers_per_element(dtype));
        decode(dtype, Bytes(bytes.data() + element_bytes(dtype, at), element_bytes(dtype, count)),
               span);
        return span;
      };
      const Span<double> a = decode_block(pair.a.dtype, bytes_a, numbers_a);
      const Span<double> b = decode_block(pair.b.dtype, bytes_b, numbers_b);
      chunk.values.add(a, b, options_.tolerance);
    }
  }

  void merge_chunks() {
    for (const Chunk& chunk : chunks_) {
      TensorPair& pair = pairs_[chunk.pair];
      pair.values.merge(chunk.values);
      if (chunk.first_byte == all_same || !pair.has_same_bytes) continue;
      pair.has_same_bytes = false;
      pair.first_byte = chunk.first_byte;
    }
  }

  const File& a_;
  const File& b_;
  const CompareOptions& options_;
  std::vector<TensorPair>& pairs_;
  std::vector<Chunk> chunks_;
  std::unique_ptr<std::atomic<std::size_t>[]> first_differing_;  // chunk of each pair
};

}  // namespace

void compare_pairs(const File& a, const File& b, const CompareOptions& options,
                   std::vector<TensorPair>& pairs) {
  Comparison(a, b, options, pairs).run();
  a.verify_unchanged();
  b.verify_unchanged();
}

}  // namespace safetensors::cli
