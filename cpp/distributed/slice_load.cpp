#include "distributed/slice_load.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include "device/read_ahead.h"
#include "device/read_plan.h"
#include "distributed/gathered_reads.h"

namespace safetensors {

namespace {

// What a thread reads at once into host memory.
constexpr std::uint64_t host_piece = std::uint64_t{16} << 20;
constexpr std::uint64_t smallest_slab = 4096;

// The positions in the file are those of the slices; the plan only divides the destinations.
ReadPlan divide(const std::vector<SliceLoad>& loads, std::uint64_t nbytes) {
  std::vector<FileRange> ranges;
  for (const SliceLoad& load : loads)
    ranges.push_back({0, load.destination.nbytes()});
  return ReadPlan(ranges, nbytes);
}

// Reads the pieces of a fill, each to memory(copy).
template <class Memory>
void read_fill(const File& file, const std::vector<SliceLoad>& loads,
               std::span<const SlabCopy> copies, std::atomic<std::uint64_t>* counter,
               Memory&& memory) {
  GatheredReads reads(file, counter);
  for (const SlabCopy& copy : copies) {
    const SliceLoad& load = loads[copy.destination];
    const std::uint64_t begin = load.local_offset + copy.offset;
    std::byte* const bytes = memory(copy);
    const std::uint64_t first = load.slice.file_bytes().begin;
    load.slice.for_each_run({}, {begin, begin + copy.nbytes}, [&](const Run& run) {
      std::byte* const to = bytes + (run.local_offset - begin);
      if (load.mapped)
        std::memcpy(to, load.mapped + (run.file_offset - first), run.nbytes);
      else
        reads.add(run.file_offset, to, run.nbytes);
    });
    if (load.mapped) counter->fetch_add(copy.nbytes, std::memory_order_relaxed);
  }
  reads.finish();
}

void load_to_host(const File& file, const std::vector<SliceLoad>& loads,
                  const SliceLoadOptions& options, const Advance& advance) {
  std::vector<std::byte*> memory;
  for (const SliceLoad& load : loads)
    memory.push_back(static_cast<std::byte*>(load.destination.mutable_data_ptr()));
  const ReadPlan plan = divide(loads, host_piece);
  const std::size_t fills = plan.fill_count();
  ReadAhead reads(fills, fills, fills == 1 ? 0 : options.readers, [&](std::size_t fill) {
    read_fill(file, loads, plan.copies(fill), options.counter,
              [&](const SlabCopy& copy) { return memory[copy.destination] + copy.offset; });
  });
  for (std::size_t fill = 0; fill < fills; ++fill) {
    reads.wait(fill);
    advance(plan.nbytes(fill));
  }
}

}  // namespace

void load_slices(const File& file, const std::vector<SliceLoad>& all,
                 const SliceLoadOptions& options, const Advance& advance) {
  std::vector<SliceLoad> loads;
  std::uint64_t total = 0;
  for (const SliceLoad& load : all) {
    total += load.destination.nbytes();
    if (load.destination.nbytes() != 0) loads.push_back(load);
  }
  if (loads.empty()) return;
  const c10::Device device = loads.front().destination.device();
  if (device.is_meta()) return advance(total);
  if (device.is_cpu()) return load_to_host(file, loads, options, advance);

  DevicePipeline pipeline = with_defaults({}, total);
  // Slabs are powers of two, which the allocators of pinned memory round up to.
  const std::uint64_t largest = std::bit_floor(options.staging_bytes / pipeline.slab_count);
  pipeline.slab_bytes = std::min(pipeline.slab_bytes, std::max(largest, smallest_slab));
  const ReadPlan plan = divide(loads, pipeline.slab_bytes);
  std::vector<at::Tensor> destinations;
  for (const SliceLoad& load : loads)
    destinations.push_back(load.destination);
  load_through_ring(
      plan,
      [&](std::size_t fill, std::byte* slab) {
        read_fill(file, loads, plan.copies(fill), options.counter,
                  [&](const SlabCopy& copy) { return slab + copy.slab_offset; });
      },
      destinations, advance, pipeline);
}

}  // namespace safetensors
