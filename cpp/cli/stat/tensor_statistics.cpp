#include "cli/stat/tensor_statistics.h"

#include <algorithm>
#include <mutex>

#include "cli/output/numbers.h"
#include "cli/output/progress_bar.h"
#include "cli/values/decode.h"
#include "cli/work/parallel_work.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t chunk_bytes = std::uint64_t{1} << 20;
constexpr std::size_t block_elements = element_step * 64;  // of numbers, which stay in the cache
// Tensors are read for histograms after so many bytes of them were read for the statistics.
constexpr std::uint64_t group_bytes = std::uint64_t{1} << 30;

struct Chunk {
  std::size_t tensor = 0;
  std::uint64_t begin = 0, end = 0;  // elements
};

std::vector<Chunk> chunks_of(const std::vector<TensorStatistics>& all, std::size_t begin,
                             std::size_t end) {
  std::vector<Chunk> chunks;
  for (std::size_t i = begin; i < end; ++i) {
    const std::uint64_t step =
        chunk_bytes * 8 / dtype_bits(all[i].tensor.dtype) / element_step * element_step;
    const std::uint64_t elements = element_count(all[i].tensor.shape);
    for (std::uint64_t first = 0; first < elements; first += step)
      chunks.push_back({i, first, std::min(elements, first + step)});
  }
  return chunks;
}

// Calls use(numbers) with blocks of the numbers of a chunk.
template <class Use>
void for_each_block(const File& file, const TensorInfo& tensor, const Chunk& chunk, Use use) {
  std::vector<std::byte> bytes(element_bytes(tensor.dtype, chunk.end - chunk.begin));
  file.read_at(tensor.file_offset + element_bytes(tensor.dtype, chunk.begin), bytes);
  double numbers[2 * block_elements];
  for (std::uint64_t at = 0; at < chunk.end - chunk.begin; at += block_elements) {
    const std::uint64_t count =
        std::min<std::uint64_t>(block_elements, chunk.end - chunk.begin - at);
    const Span<double> block(numbers, count * numbers_per_element(tensor.dtype));
    decode(
        tensor.dtype,
        Bytes(bytes.data() + element_bytes(tensor.dtype, at), element_bytes(tensor.dtype, count)),
        block);
    use(block);
  }
}

class Computation {
 public:
  Computation(const File& file, std::vector<TensorStatistics>& all, bool with_histograms)
      : file_(file), all_(all), with_histograms_(with_histograms), bar_("reading") {
    for (const TensorStatistics& one : all)
      total_ += one.tensor.nbytes * (with_histograms ? 2 : 1);
  }

  void run() {
    for (std::size_t begin = 0; begin < all_.size();) {
      std::size_t end = begin;
      std::uint64_t nbytes = 0;
      for (; end < all_.size() && (end == begin || nbytes < group_bytes); ++end)
        nbytes += all_[end].tensor.nbytes;
      const std::vector<Chunk> chunks = chunks_of(all_, begin, end);
      add_statistics(chunks);
      done_ += nbytes;
      if (with_histograms_) {
        add_histograms(chunks);
        done_ += nbytes;
      }
      begin = end;
    }
  }

 private:
  template <class Work>
  void run_chunks(const std::vector<Chunk>& chunks, Work work) {
    run_parallel(chunks.size(), machine_threads(), bar_, done_, total_,
                 [&](std::size_t index, WorkProgress& progress) {
                   const Chunk& chunk = chunks[index];
                   const TensorInfo& tensor = all_[chunk.tensor].tensor;
                   work(index, tensor);
                   progress.advance(element_bytes(tensor.dtype, chunk.end - chunk.begin));
                 });
  }

  void add_statistics(const std::vector<Chunk>& chunks) {
    std::vector<Statistics> parts(chunks.size());
    run_chunks(chunks, [&](std::size_t index, const TensorInfo& tensor) {
      for_each_block(file_, tensor, chunks[index],
                     [&](Span<double> numbers) { parts[index].add(numbers); });
    });
    for (std::size_t i = 0; i < chunks.size(); ++i)
      all_[chunks[i].tensor].statistics.merge(parts[i]);
  }

  void add_histograms(const std::vector<Chunk>& chunks) {
    std::mutex mutex;
    run_chunks(chunks, [&](std::size_t index, const TensorInfo& tensor) {
      TensorStatistics& one = all_[chunks[index].tensor];
      if (one.statistics.finite() == 0) return;
      Histogram histogram(one.statistics.min, one.statistics.max);
      for_each_block(file_, tensor, chunks[index],
                     [&](Span<double> numbers) { histogram.add(numbers); });
      const std::lock_guard lock(mutex);
      for (std::size_t i = 0; i < Histogram::size; ++i)
        one.histogram[i] += histogram.counts()[i];
    });
  }

  const File& file_;
  std::vector<TensorStatistics>& all_;
  bool with_histograms_;
  ProgressBar bar_;
  std::uint64_t done_ = 0, total_ = 0;
};

}  // namespace

std::vector<TensorStatistics> compute_statistics(const File& file,
                                                 const std::vector<TensorInfo>& tensors,
                                                 bool with_histograms) {
  std::vector<TensorStatistics> all;
  for (const TensorInfo& tensor : tensors)
    all.push_back({tensor, {}, {}});
  Computation(file, all, with_histograms).run();
  file.verify_unchanged();
  return all;
}

}  // namespace safetensors::cli
