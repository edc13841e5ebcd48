// Slabs of host memory that a device copies from and to.
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

// Page-locked slabs (plain memory for a device type that has no allocator of such), used in turn. A
// slab is free once the last copy that was marked on it is done; each may be waited for on its own.
//
// Locking pages is slow and freeing them while a copy runs is wrong, so a ring that did its work is
// kept for the next one who asks: at most one ring stays with the process.
class PinnedRing {
 public:
  // Whether the device type has an allocator of page-locked memory.
  static bool is_pinned(c10::DeviceType type);

  // At least `slab_count` slabs of at least `slab_bytes`, all free: the kept ring if it is large
  // enough, which may mean to wait for its last copies, else a new one in its place.
  static PinnedRing take(c10::DeviceType type, std::uint64_t slab_bytes, std::size_t slab_count);

  // Leaves the ring, its last copies perhaps still running, for the next take(). Plain memory is
  // freed.
  static void keep(PinnedRing ring);

  // Frees the kept ring.
  static void release_kept();

  PinnedRing(PinnedRing&&) noexcept = default;
  PinnedRing& operator=(PinnedRing&& other) noexcept;
  // Waits for the copies, then frees.
  ~PinnedRing();

  std::size_t size() const noexcept { return slabs_.size(); }
  const c10::Storage& slab(std::size_t index) const { return slabs_[index].memory; }
  std::byte* data(std::size_t index) const;

  // The copies queued on `stream` so far are the slab's last. If this throws, they are done.
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
