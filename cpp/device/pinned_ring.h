// A ring of page-locked slabs for copies between host and device.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Event.h>
#include <c10/core/Storage.h>
#include <c10/core/Stream.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace safetensors {

// Page-locked slabs (pageable memory if the device type has no allocator of page-locked memory). A
// slab is free when the last copy that was marked on it is done.
//
// Locking pages is slow, and freeing them while a copy runs is an error, so the process keeps at
// most one ring for the next caller of take().
class PinnedRing {
 public:
  // Whether the device type has an allocator of page-locked memory.
  static bool is_pinned(c10::DeviceType type);

  // Returns at least `slab_count` free slabs of at least `slab_bytes`: the kept ring, after waiting
  // for its last copies, if it is large enough, else a new ring, which replaces it.
  static PinnedRing take(c10::DeviceType type, std::uint64_t slab_bytes, std::size_t slab_count);

  // Keeps the ring for the next take(); its last copies may still run. Pageable memory is freed.
  static void keep(PinnedRing ring);

  // Frees the kept ring.
  static void release_kept();

  PinnedRing(PinnedRing&&) noexcept = default;
  PinnedRing& operator=(PinnedRing&& other) noexcept;
  // Waits for the copies, then frees the slabs.
  ~PinnedRing();

  std::size_t size() const noexcept { return slabs_.size(); }
  const c10::Storage& slab(std::size_t index) const { return slabs_[index].memory; }
  std::byte* data(std::size_t index) const;

  // Marks the copies queued on `stream` so far as the slab's last. If this throws, they are done.
  void mark_copied(std::size_t index, const c10::Stream& stream);

  // Waits until the slab is free.
  void wait_until_free(std::size_t index);

 private:
  struct Slab {
    c10::Storage memory;
    std::optional<c10::Event> last_copy;
  };

  PinnedRing(c10::DeviceType type, std::uint64_t slab_bytes, std::size_t slab_count);
  void wait_until_all_free();

  c10::DeviceType type_;
  std::uint64_t slab_bytes_;
  std::vector<Slab> slabs_;
};

}  // namespace safetensors
