#include "distributed/read_once.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "distributed/chunk_schedule.h"
#include "distributed/delivery.h"
#include "distributed/exchange.h"
#include "distributed/gathered_reads.h"
#include "distributed/part_codec.h"
#include "distributed/plan_rules.h"

namespace safetensors {

namespace {

// Tensors whose parts are in memory at once, for every process.
constexpr std::size_t batch_tensors = 1024;

// Whether the parts of all processes together are the whole tensor, as far as can be seen by
// looking at one dimension: those that are not recognized are read run by run.
bool cover(const std::vector<PartIntervals>& parts, Span<const std::uint64_t> shape) {
  if (shape.empty()) return !parts.empty();
  for (std::size_t d = 0; d < shape.size(); ++d) {
    std::vector<Interval> intervals;
    for (const PartIntervals& part : parts) {
      bool others_whole = true;
      for (std::size_t other = 0; other < shape.size(); ++other)
        others_whole &= other == d || is_all(part[other], shape[other]);
      if (others_whole) intervals.insert(intervals.end(), part[d].begin(), part[d].end());
    }
    std::sort(intervals.begin(), intervals.end());
    std::uint64_t covered = 0;
    for (const Interval& interval : intervals)
      if (interval.begin <= covered) covered = std::max(covered, interval.end);
    if (covered == shape[d]) return true;
  }
  return false;
}

class Batch {
 public:
  Batch(const Group& group, Agreement& agreement, const ReadOnceLoad& load,
        const std::vector<TensorInfo>& infos, std::uint64_t chunk_nbytes,
        std::vector<std::unique_ptr<std::byte[]>>& chunks, Delivery& delivery)
      : group_(group),
        agreement_(agreement),
        load_(load),
        infos_(infos),
        chunk_nbytes_(chunk_nbytes),
        chunks_(chunks),
        delivery_(delivery) {}

  // The tensors at these positions of the file.
  void run(std::size_t begin, std::size_t end, ExchangeMemory& memory) {
    const std::vector<std::vector<std::byte>> parts = exchange_parts(begin, end);
    agreement_.attempt([&] { schedule(begin, end, parts); });
    agreement_.settle();
    const auto counts = run_exchange(group_, agreement_, exchange(), memory);
    agreement_.settle();
    *load_.bytes_sent += counts->sent;
    *load_.bytes_received += counts->received;
  }

 private:
  // Of the tensors from this position of the file on.
  std::vector<Destination>::const_iterator first_destination(std::size_t position) const {
    return std::lower_bound(
        load_.destinations.begin(), load_.destinations.end(), position,
        [](const Destination& a, std::size_t begin) { return a.part.position < begin; });
  }

  // The encoded parts of every process.
  std::vector<std::vector<std::byte>> exchange_parts(std::size_t begin, std::size_t end) {
    ByteWriter own;
    agreement_.attempt([&] {
      auto destination = first_destination(begin);
      for (std::size_t i = begin; i < end; ++i) {
        const bool is_own =
            destination != load_.destinations.end() && destination->part.position == i;
        encode_part(is_own ? &destination->part.intervals : nullptr, infos_[i].shape, &own);
        if (is_own) ++destination;
      }
    });
    agreement_.settle();
    return group_.gather_texts(own.bytes());
  }

  void schedule(std::size_t begin, std::size_t end,
                const std::vector<std::vector<std::byte>>& encoded) {
    to_all_ = std::all_of(encoded.begin(), encoded.end(),
                          [&](const auto& bytes) { return bytes == encoded.front(); });
    std::vector<ByteReader> readers;
    for (const auto& bytes : encoded)
      readers.emplace_back(Bytes(bytes));
    auto destination = first_destination(begin);

    std::vector<ScheduledTensor> tensors;
    std::vector<PartIntervals> parts;
    for (std::size_t i = begin; i < end; ++i) {
      const TensorInfo& info = infos_[i];
      std::vector<TensorSlice> slices(group_.size());
      bool is_needed = false;
      parts.clear();
      for (std::size_t r = 0; r < group_.size(); ++r) {
        PartIntervals part;
        if (!decode_part(info.shape, &readers[r], &part)) continue;
        slices[r] = slice_of(info, part);
        is_needed |= !slices[r].is_empty();
        parts.push_back(std::move(part));
      }
      const bool is_own =
          destination != load_.destinations.end() && destination->part.position == i;
      if (is_needed) {
        const std::uint64_t bits = dtype_bits(info.dtype);
        tensors.push_back({i, info.file_offset, info.nbytes, bits < 8 ? 1 : bits / 8});
        slices_.push_back(std::move(slices));
        covered_.push_back(cover(parts, info.shape));
        destinations_.push_back(
            is_own ? static_cast<std::size_t>(destination - load_.destinations.begin()) : 0);
      }
      if (is_own) ++destination;
    }
    schedule_.emplace(std::move(tensors), group_.size(), chunk_nbytes_);
  }

  Exchange exchange() {
    Exchange exchange;
    exchange.rounds = schedule_->rounds();
    exchange.to_all = to_all_;
    exchange.threads = 2;
    exchange.make = [this](std::size_t round, std::byte* messages) {
      to_all_ ? make_for_all(round, messages) : make(round, messages);
    };
    exchange.size = [this](std::size_t round, std::size_t sender, std::size_t receiver) {
      return message_header_nbytes + payload(round, sender, receiver);
    };
    exchange.take = [this](std::size_t round, const std::vector<std::uint64_t>& offsets,
                           const c10::Storage& memory, PinnedRing* ring,
                           std::size_t slab) { take(round, offsets, memory, ring, slab); };
    return exchange;
  }

  const TensorSlice& slice(std::size_t process, std::size_t tensor) const {
    return slices_[tensor][process];
  }

  // The bytes of the parts are read to where they are in the message.
  void make_for_all(std::size_t round, std::byte* message) const {
    GatheredReads reads(load_.file, load_.bytes_read);
    std::byte* to = message + message_header_nbytes;
    for (const ScheduledPiece& piece : schedule_->chunk(round, group_.rank())) {
      slice(group_.rank(), piece.tensor)
          .for_each_run({piece.file_begin, piece.file_end}, {}, [&](const Run& run) {
            reads.add(run.file_offset, to, run.nbytes);
            to += run.nbytes;
          });
    }
    reads.finish();
  }

  void make(std::size_t round, std::byte* messages) const {
    const auto pieces = schedule_->chunk(round, group_.rank());
    std::byte* const chunk = chunks_[round % sent_slab_count].get();
    read_chunk(pieces, chunk);
    std::byte* to = messages;
    for (std::size_t process = 0; process < group_.size(); ++process) {
      to += message_header_nbytes;
      for (const ScheduledPiece& piece : pieces) {
        const std::byte* const from = chunk + piece.offset;
        slice(process, piece.tensor)
            .for_each_run({piece.file_begin, piece.file_end}, {}, [&](const Run& run) {
              std::memcpy(to, from + (run.file_offset - piece.file_begin), run.nbytes);
              to += run.nbytes;
            });
      }
    }
  }

  // Reads the bytes that are in the part of any process.
  void read_chunk(const std::vector<ScheduledPiece>& pieces, std::byte* chunk) const {
    GatheredReads reads(load_.file, load_.bytes_read);
    std::vector<Interval> runs;
    for (const ScheduledPiece& piece : pieces) {
      std::byte* const to = chunk + piece.offset;
      if (covered_[piece.tensor]) {
        reads.add(piece.file_begin, to, piece.file_end - piece.file_begin);
        continue;
      }
      runs.clear();
      for (const TensorSlice& part : slices_[piece.tensor])
        part.for_each_run({piece.file_begin, piece.file_end}, {}, [&](const Run& run) {
          runs.push_back({run.file_offset, run.file_offset + run.nbytes});
        });
      std::sort(runs.begin(), runs.end());
      std::uint64_t done = 0;
      for (const Interval& run : runs) {
        const std::uint64_t begin = std::max(done, run.begin);
        if (begin >= run.end) continue;
        reads.add(begin, to + (begin - piece.file_begin), run.end - begin);
        done = run.end;
      }
    }
    reads.finish();
  }

  // The bytes of the part of process `owner` in the chunk that process `reader` reads.
  std::uint64_t payload(std::size_t round, std::size_t reader, std::size_t owner) const {
    std::uint64_t nbytes = 0;
    for (const ScheduledPiece& piece : schedule_->chunk(round, reader))
      nbytes += slice(owner, piece.tensor).nbytes_in({piece.file_begin, piece.file_end});
    return nbytes;
  }

  void take(std::size_t round, const std::vector<std::uint64_t>& offsets,
            const c10::Storage& memory, PinnedRing* ring, std::size_t slab) {
    std::vector<LocalRange> ranges;
    std::uint64_t total = 0;
    for (std::size_t process = 0; process < group_.size(); ++process) {
      std::uint64_t from = offsets[process] + message_header_nbytes;
      for (const ScheduledPiece& piece : schedule_->chunk(round, process)) {
        ranges.clear();
        slice(group_.rank(), piece.tensor)
            .local_ranges({piece.file_begin, piece.file_end}, &ranges);
        for (const LocalRange& range : ranges) {
          delivery_.add(destinations_[piece.tensor], range, from);
          from += range.nbytes;
        }
      }
      total += from - offsets[process] - message_header_nbytes;
    }
    delivery_.copy(memory, ring, slab);
    load_.advance(total);
  }

  const Group& group_;
  Agreement& agreement_;
  const ReadOnceLoad& load_;
  const std::vector<TensorInfo>& infos_;
  std::uint64_t chunk_nbytes_;
  std::vector<std::unique_ptr<std::byte[]>>& chunks_;  // one for each slab of messages
  Delivery& delivery_;

  bool to_all_ = false;
  std::optional<ChunkSchedule> schedule_;
  // By scheduled tensor:
  std::vector<std::vector<TensorSlice>> slices_;  // of each process
  std::vector<bool> covered_;                     // whether to read all of a chunk
  std::vector<std::size_t> destinations_;         // of this process, if it has a part
};

}  // namespace

void read_once(const Group& group, Agreement& agreement, const ReadOnceLoad& load) {
  std::vector<TensorInfo> infos;
  std::uint64_t chunk = 0;
  std::optional<ExchangeMemory> memory;
  std::optional<Delivery> delivery;
  std::vector<std::unique_ptr<std::byte[]>> chunks;
  agreement.attempt([&] {
    infos = load.file.tensors();
    std::uint64_t total = 0;
    for (const TensorInfo& info : infos)
      total += info.nbytes;
    const c10::Device device =
        group.exchange_device(load.all_have_accelerator ? load.accelerator : std::nullopt);
    chunk = chunk_nbytes({load.staging_bytes, !device.is_cpu(), load.any_has_accelerator},
                         group.size(), total);
    const std::uint64_t all = group.size() * (chunk + message_slack);
    memory.emplace(device, load.accelerator, all, all);
    delivery.emplace(load.destinations, load.accelerator);
    for (std::size_t i = 0; i < sent_slab_count; ++i)
      chunks.emplace_back(new std::byte[chunk + message_slack]);
  });
  agreement.settle();
  for (std::size_t begin = 0; begin < infos.size(); begin += batch_tensors)
    Batch(group, agreement, load, infos, chunk, chunks, *delivery)
        .run(begin, std::min(infos.size(), begin + batch_tensors), *memory);
  agreement.attempt([&] { delivery->finish(); });
}

}  // namespace safetensors
