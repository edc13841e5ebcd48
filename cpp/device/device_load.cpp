#include "device/device_load.h"

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <thread>
#include <utility>

#include "device/copy_stream.h"
#include "device/pinned_ring.h"
#include "device/read_ahead.h"
#include "device/read_plan.h"
#include "tensor/byte_view.h"

namespace safetensors {

namespace {

constexpr std::uint64_t largest_slab = std::uint64_t{8} << 20;
constexpr std::uint64_t smallest_slab = std::uint64_t{1} << 20;
constexpr std::size_t default_slab_count = 8;
constexpr std::size_t largest_reader_count = 8;
// Slabs that are copied while others are filled. With two, the next copy is queued before the
// current one ends.
constexpr std::size_t copies_in_flight = 2;

void read_fill(const File& file, const ReadPlan& plan, std::size_t fill, std::byte* slab) {
  for (const SlabRead& piece : plan.reads(fill))
    file.read_at(piece.file_offset, MutableBytes(slab + piece.slab_offset, piece.nbytes));
}

// A tensor without a storage (XLA's, for example): only LibTorch can fill it.
void load_opaque(const File& file, const DeviceRead& read, ProgressCounter& progress) {
  const at::Tensor& destination = read.destination;
  const at::Tensor host = at::empty(destination.sizes(), destination.scalar_type());
  file.read_at(read.file_offset,
               MutableBytes(static_cast<std::byte*>(host.mutable_data_ptr()), host.nbytes()));
  const c10::NoGradGuard no_grad;
  destination.copy_(host);
  progress.add(host.nbytes());
}

}  // namespace

// A small load uses smaller slabs, so that reads and copies overlap.
DevicePipeline with_defaults(DevicePipeline pipeline, std::uint64_t total) {
  if (pipeline.slab_count == 0) pipeline.slab_count = default_slab_count;
  if (pipeline.slab_bytes == 0)
    pipeline.slab_bytes =
        std::clamp(std::bit_ceil(total / (2 * pipeline.slab_count)), smallest_slab, largest_slab);
  pipeline.slab_bytes = std::min(pipeline.slab_bytes, total);
  if (pipeline.readers == 0)
    pipeline.readers =
        std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, largest_reader_count);
  return pipeline;
}

void load_through_ring(const ReadPlan& plan, const FillSlab& fill_slab,
                       std::span<const at::Tensor> destinations, const Advance& advance,
                       const DevicePipeline& pipeline) {
  const c10::Device device = destinations.front().device();
  const std::size_t fills = plan.fill_count();
  const std::size_t slab_count = std::min(pipeline.slab_count, fills);
  const std::size_t in_flight = std::min(copies_in_flight, slab_count);

  // Destroyed in reverse order: first the reads end, then the copies, then the slabs are freed.
  PinnedRing ring = PinnedRing::take(device.type(), pipeline.slab_bytes, slab_count);
  CopyStream copies(device);
  std::vector<std::byte*> slabs;
  for (std::size_t i = 0; i < slab_count; ++i)
    slabs.push_back(ring.data(i));
  // A single fill cannot overlap with another.
  const std::size_t readers = fills == 1 ? 0 : std::min(pipeline.readers, slab_count);
  ReadAhead reads(fills, slab_count, readers,
                  [&](std::size_t fill) { fill_slab(fill, slabs[fill % slab_count]); });

  for (std::size_t fill = 0; fill < fills; ++fill) {
    reads.wait(fill);
    copies.copy(ring, fill % slab_count, plan.copies(fill), destinations);
    if (fill + 1 >= in_flight) {
      const std::size_t copied = fill + 1 - in_flight;
      const bool is_needed_again = copied + slab_count < fills;
      if (is_needed_again) {
        ring.wait_until_free(copied % slab_count);
        reads.release(copied);
      }
    }
    advance(plan.nbytes(fill));
  }
  copies.finish(destinations);
  PinnedRing::keep(std::move(ring));
}

void load_to_device(const File& file, std::vector<DeviceRead> reads, c10::Device device,
                    ProgressCounter& progress, const DevicePipeline& pipeline) {
  std::vector<FileRange> ranges;
  std::vector<at::Tensor> destinations;
  std::uint64_t total = 0;
  for (DeviceRead& read : reads) {
    const std::uint64_t nbytes = read.destination.nbytes();
    if (device.is_meta()) {
      progress.add(nbytes);
    } else if (!read.destination.has_storage()) {
      load_opaque(file, read, progress);
    } else if (nbytes != 0) {
      total += nbytes;
      ranges.push_back({read.file_offset, nbytes});
      destinations.push_back(std::move(read.destination));
    }
  }
  if (total == 0) return;

  const DevicePipeline complete = with_defaults(pipeline, total);
  const ReadPlan plan(ranges, complete.slab_bytes);
  load_through_ring(
      plan, [&](std::size_t fill, std::byte* slab) { read_fill(file, plan, fill, slab); },
      destinations, [&](std::uint64_t nbytes) { progress.add(nbytes); }, complete);
}

}  // namespace safetensors
