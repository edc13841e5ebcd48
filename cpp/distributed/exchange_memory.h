// The memory for the messages of an exchange.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Storage.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "device/pinned_ring.h"

namespace safetensors {

// Every message begins with these bytes, which say whether its sender failed.
inline constexpr std::uint64_t message_header_nbytes = 8;

// Memory for the messages that are received: two slabs, on the exchange device; in host memory that
// is pinned for `accelerator` if there is one.
class ReceivedSlabs {
 public:
  ReceivedSlabs(c10::Device exchange_device, std::optional<c10::Device> accelerator,
                std::uint64_t nbytes);
  // Keeps the pinned memory for the next call, unless an exception leaves it in use.
  ~ReceivedSlabs();
  ReceivedSlabs(const ReceivedSlabs&) = delete;
  ReceivedSlabs& operator=(const ReceivedSlabs&) = delete;

  static constexpr std::size_t count = 2;

  const c10::Storage& slab(std::size_t index) const;
  void wait_until_free(std::size_t index);
  // Null unless the slabs are pinned.
  PinnedRing* ring() noexcept { return ring_ ? &*ring_ : nullptr; }

 private:
  std::optional<PinnedRing> ring_;
  std::vector<c10::Storage> memory_;
};

// The number of slabs of messages to send.
inline constexpr std::size_t sent_slab_count = 3;

// What a message has beside a chunk: its header, and what exceeds the chunk when its end moves to
// the begin of an element.
inline constexpr std::uint64_t message_slack = message_header_nbytes + 16;

// The same on every process.
struct ExchangeBudget {
  std::uint64_t staging_bytes;
  bool on_device;  // the exchange device is not the CPU: there are slabs on both
  bool is_pinned;  // slabs may be pinned: allocators of pinned memory round up to powers of two
};

// The largest chunk, in bytes, that each process can send to every other one and receive from each,
// in slabs that all together have at most `staging_bytes`; beside each slab of messages is one
// chunk. Smaller if `total` bytes would take few rounds. Throws Error ST_E_INVALID_ARGUMENT if
// `staging_bytes` is too small.
std::uint64_t chunk_nbytes(const ExchangeBudget& budget, std::uint64_t processes,
                           std::uint64_t total);

// Allocates what the exchange needs, before it begins: what it throws concerns this process alone.
class ExchangeMemory {
 public:
  ExchangeMemory(c10::Device exchange_device, std::optional<c10::Device> accelerator,
                 std::uint64_t sent_capacity, std::uint64_t received_capacity);

  std::optional<PinnedRing> sent_ring;
  std::vector<c10::Storage> sent;       // in host memory: slabs of the ring, if there is one
  std::vector<at::Tensor> device_sent;  // empty if the exchange device is the CPU
  ReceivedSlabs received;
};

}  // namespace safetensors
