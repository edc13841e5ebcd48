#include "cli/stat/tensor_statistics.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "cli/output/numbers.h"
#include "cli/output/progress_bar.h"
#include "cli/parallel/chunks.h"
#include "cli/parallel/parallel_work.h"
#include "cli/values/decode.h"
#include "cli/values/pattern_counts.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t chunk_bytes = std::uint64_t{4} << 20;
// Bytes and numbers that are handled at once stay in the cache.
constexpr std::uint64_t piece_bytes = std::uint64_t{256} << 10;
constexpr std::size_t statistics_block = element_step * 64, histogram_block = element_step * 512;
// Tensors are read for histograms after so many bytes of them were read for the statistics.
constexpr std::uint64_t group_bytes = std::uint64_t{1} << 30;

std::uint64_t elements_of(std::uint64_t nbytes, Dtype dtype) {
  return nbytes * 8 / dtype_bits(dtype) / element_step * element_step;
}

bool has_counts(const TensorInfo& tensor) {
  return counts_patterns(tensor.dtype, element_count(tensor.shape));
}

// Calls use(bytes) with pieces of a chunk: whole elements.
template <class Use>
void for_each_piece(const File& file, const TensorInfo& tensor, const Chunk& chunk,
                    WorkProgress& progress, Use use) {
  std::vector<std::byte> bytes;
  const std::uint64_t step = elements_of(piece_bytes, tensor.dtype);
  for (std::uint64_t at = chunk.begin; at < chunk.end; at += step) {
    bytes.resize(element_bytes(tensor.dtype, std::min(step, chunk.end - at)));
    file.read_at(tensor.file_offset + element_bytes(tensor.dtype, at), bytes);
    use(Bytes(bytes));
    progress.advance(bytes.size());
  }
}

// Calls use(numbers) with blocks of the numbers of a chunk, as float or double.
template <class Number, class Use>
void for_each_block(const File& file, const TensorInfo& tensor, const Chunk& chunk,
                    std::size_t block, WorkProgress& progress, Use use) {
  std::vector<Number> numbers(block * numbers_per_element(tensor.dtype));
  const std::uint64_t step = element_bytes(tensor.dtype, block);
  for_each_piece(file, tensor, chunk, progress, [&](Bytes bytes) {
    for (std::uint64_t at = 0; at < bytes.size(); at += step) {
      const std::uint64_t nbytes = std::min(step, bytes.size() - at);
      const std::uint64_t elements = nbytes * 8 / dtype_bits(tensor.dtype);
      const Span<Number> part(numbers.data(), elements * numbers_per_element(tensor.dtype));
      decode(tensor.dtype, Bytes(bytes.data() + at, nbytes), part);
      use(part);
    }
  });
}

class Computation {
 public:
  Computation(const File& file, std::vector<TensorStatistics>& all, bool with_histograms)
      : file_(file), all_(all), with_histograms_(with_histograms), bar_("reading") {
    for (const TensorStatistics& one : all)
      total_ += one.tensor.nbytes * (reads_twice(one.tensor) ? 2 : 1);
  }

  void run() {
    for (std::size_t begin = 0; begin < all_.size();) {
      std::size_t end = begin;
      std::uint64_t nbytes = 0;
      for (; end < all_.size() && (end == begin || nbytes < group_bytes); ++end)
        nbytes += all_[end].tensor.nbytes;
      add_statistics(begin, end);
      if (with_histograms_) add_histograms(begin, end);
      begin = end;
    }
  }

 private:
  // The counts of a tensor of which some chunks have been read.
  struct Unfinished {
    std::unique_ptr<PatternCounts> counts;
    std::uint64_t elements = 0;  // that are left
  };

  bool reads_twice(const TensorInfo& tensor) const {
    return with_histograms_ && !has_counts(tensor);
  }

  ChunkRounds rounds(std::size_t begin, std::size_t end, bool only_second_reading) const {
    return ChunkRounds(begin, end, [this, only_second_reading](std::size_t index) {
      const TensorInfo& tensor = all_[index].tensor;
      if (only_second_reading && !reads_twice(tensor)) return Division{};
      return Division{element_count(tensor.shape), elements_of(chunk_bytes, tensor.dtype)};
    });
  }

  template <class Work>
  void run_chunks(const std::vector<Chunk>& chunks, Work work) {
    run_parallel(chunks.size(), machine_threads(), bar_, done_, total_,
                 [&](std::size_t index, WorkProgress& progress) {
                   work(index, chunks[index], all_[chunks[index].tensor].tensor, progress);
                 });
    for (const Chunk& chunk : chunks)
      done_ += element_bytes(all_[chunk.tensor].tensor.dtype, chunk.size());
  }

  void add_statistics(std::size_t begin, std::size_t end) {
    ChunkRounds rounds = this->rounds(begin, end, false);
    std::vector<Chunk> chunks;
    while (!(chunks = rounds.next()).empty()) {
      std::vector<Statistics> parts(chunks.size());
      run_chunks(chunks, [&](std::size_t index, const Chunk& chunk, const TensorInfo& tensor,
                             WorkProgress& progress) {
        const auto add = [&](auto numbers) { parts[index].add(numbers); };
        if (has_counts(tensor))
          add_patterns(chunk, tensor, progress);
        else if (has_floats(tensor.dtype))
          for_each_block<float>(file_, tensor, chunk, statistics_block, progress, add);
        else
          for_each_block<double>(file_, tensor, chunk, statistics_block, progress, add);
      });
      for (std::size_t i = 0; i < chunks.size(); ++i)
        if (parts[i].count > 0) all_[chunks[i].tensor].statistics.merge(parts[i]);
    }
  }

  // Counts are integers, whose sums do not depend on the order of the chunks.
  void add_patterns(const Chunk& chunk, const TensorInfo& tensor, WorkProgress& progress) {
    thread_local PartialPatternCounts part;
    for_each_piece(file_, tensor, chunk, progress,
                   [&](Bytes bytes) { part.add(dtype_bits(tensor.dtype), bytes); });
    const std::lock_guard lock(mutex_);
    Unfinished& unfinished = unfinished_[chunk.tensor];
    if (!unfinished.counts)
      unfinished = {std::make_unique<PatternCounts>(tensor.dtype), element_count(tensor.shape)};
    unfinished.counts->take(part);
    unfinished.elements -= chunk.size();
    if (unfinished.elements > 0) return;
    TensorStatistics& one = all_[chunk.tensor];
    one.statistics = unfinished.counts->statistics(with_histograms_ ? &one.histogram : nullptr);
    unfinished_.erase(chunk.tensor);
  }

  void add_histograms(std::size_t begin, std::size_t end) {
    ChunkRounds rounds = this->rounds(begin, end, true);
    std::vector<Chunk> chunks;
    while (!(chunks = rounds.next()).empty())
      run_chunks(chunks, [&](std::size_t, const Chunk& chunk, const TensorInfo& tensor,
                             WorkProgress& progress) {
        if (has_floats(tensor.dtype))
          add_histogram<float>(chunk, tensor, progress);
        else
          add_histogram<double>(chunk, tensor, progress);
      });
  }

  template <class Number>
  void add_histogram(const Chunk& chunk, const TensorInfo& tensor, WorkProgress& progress) {
    TensorStatistics& one = all_[chunk.tensor];
    const Statistics& statistics = one.statistics;
    if (statistics.finite() == 0)
      return progress.advance(element_bytes(tensor.dtype, chunk.size()));
    const HistogramIntervals intervals(statistics.min, statistics.max);
    HistogramCounts counts{};
    for_each_block<Number>(
        file_, tensor, chunk, histogram_block, progress, [&](Span<Number> numbers) {
          Number* end = numbers.end();
          if (statistics.finite() < statistics.count)
            end = std::remove_if(numbers.begin(), end,
                                 [](Number number) { return !std::isfinite(number); });
          intervals.count(
              Span<const Number>(numbers.data(), static_cast<std::size_t>(end - numbers.begin())),
              counts);
        });
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < counts.size(); ++i)
      one.histogram[i] += counts[i];
  }

  const File& file_;
  std::vector<TensorStatistics>& all_;
  bool with_histograms_;
  ProgressBar bar_;
  std::uint64_t done_ = 0, total_ = 0;
  std::mutex mutex_;  // of histograms, and of the tensors of which patterns are counted
  std::unordered_map<std::size_t, Unfinished> unfinished_;
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
