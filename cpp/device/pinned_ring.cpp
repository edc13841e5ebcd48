#include "device/pinned_ring.h"

#include <ATen/core/CachingHostAllocator.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <bit>
#include <exception>
#include <mutex>
#include <utility>

namespace safetensors {

namespace {

constexpr std::uint64_t smallest_slab = 4096;

// Returns null if the device type has no such allocator. The lookup returns null before LibTorch
// 2.14, and throws since.
at::HostAllocator* pinned_allocator(c10::DeviceType type) {
  try {
    return at::getHostAllocator(type);
  } catch (const c10::Error&) {
    return nullptr;
  }
}

struct KeptRing {
  std::mutex mutex;
  std::optional<PinnedRing> ring;
};

// Never destroyed: at exit the device's runtime may be destroyed before static objects.
KeptRing& kept() {
  static auto* const instance = new KeptRing;
  return *instance;
}

std::optional<PinnedRing> take_kept() {
  const std::lock_guard lock(kept().mutex);
  std::optional<PinnedRing> ring = std::move(kept().ring);
  kept().ring.reset();
  return ring;
}

}  // namespace

bool PinnedRing::is_pinned(c10::DeviceType type) {
  return pinned_allocator(type) != nullptr;
}

PinnedRing PinnedRing::take(c10::DeviceType type, std::uint64_t slab_bytes,
                            std::size_t slab_count) {
  if (std::optional<PinnedRing> ring = take_kept(); ring && ring->type_ == type &&
                                                    ring->slab_bytes_ >= slab_bytes &&
                                                    ring->size() >= slab_count) {
    ring->wait_until_all_free();
    return std::move(*ring);
  }
  // LibTorch's allocators round up to powers of two, and a larger ring is more often reusable.
  return PinnedRing(type, std::max(std::bit_ceil(slab_bytes), smallest_slab), slab_count);
}

void PinnedRing::keep(PinnedRing ring) {
  if (!is_pinned(ring.type_)) return;
  // If another thread kept a ring, the larger one stays. The other is freed after the lock is
  // released.
  std::optional<PinnedRing> spare(std::move(ring));
  const std::lock_guard lock(kept().mutex);
  std::optional<PinnedRing>& current = kept().ring;
  if (!current || current->slab_bytes_ * current->size() < spare->slab_bytes_ * spare->size())
    current.swap(spare);
}

void PinnedRing::release_kept() {
  take_kept();
}

PinnedRing::PinnedRing(c10::DeviceType type, std::uint64_t slab_bytes, std::size_t slab_count)
    : type_(type), slab_bytes_(slab_bytes) {
  c10::Allocator* allocator = pinned_allocator(type);
  if (!allocator) allocator = c10::GetCPUAllocator();
  slabs_.reserve(slab_count);
  for (std::size_t i = 0; i < slab_count; ++i)
    slabs_.push_back(
        {c10::Storage(c10::Storage::use_byte_size_t(), slab_bytes, allocator->allocate(slab_bytes)),
         std::nullopt});
}

PinnedRing& PinnedRing::operator=(PinnedRing&& other) noexcept {
  std::swap(type_, other.type_);
  std::swap(slab_bytes_, other.slab_bytes_);
  slabs_.swap(other.slabs_);
  return *this;
}

PinnedRing::~PinnedRing() {
  try {
    wait_until_all_free();
  } catch (const std::exception&) {
    // The device is in an unrecoverable state: no copy runs on it.
  }
}

std::byte* PinnedRing::data(std::size_t index) const {
  return static_cast<std::byte*>(slabs_[index].memory.mutable_data());
}

void PinnedRing::mark_copied(std::size_t index, const c10::Stream& stream) {
  // A new event for each copy: an event is bound to the first device that it is recorded on.
  c10::Event last_copy(stream.device_type());
  try {
    last_copy.record(stream);
  } catch (const std::exception&) {
    stream.synchronize();
    throw;
  }
  slabs_[index].last_copy = std::move(last_copy);
}

void PinnedRing::wait_until_free(std::size_t index) {
  if (slabs_[index].last_copy) slabs_[index].last_copy->synchronize();
  slabs_[index].last_copy.reset();
}

void PinnedRing::wait_until_all_free() {
  for (std::size_t i = 0; i < slabs_.size(); ++i)
    wait_until_free(i);
}

}  // namespace safetensors
