// Exchanges messages between all processes in rounds, while later messages are made on threads.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Storage.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "device/pinned_ring.h"
#include "distributed/agreement.h"
#include "distributed/exchange_memory.h"
#include "distributed/group.h"

namespace safetensors {

// What a process sends and receives. Sizes are in bytes, and include the headers.
struct Exchange {
  std::size_t rounds = 0;
  bool to_all = false;      // one message, which every process receives
  std::size_t threads = 1;  // that make messages

  // Makes the messages of a round, in the order of the ranks and without gaps. Called on threads,
  // by several at once. Leaves the headers to the exchange.
  std::function<void(std::size_t round, std::byte* messages)> make;
  // The size of a message, of which this process is the sender, the receiver, or both. With
  // `to_all` every process receives a message of the largest size of a round from each.
  std::function<std::uint64_t(std::size_t round, std::size_t sender, std::size_t receiver)> size;
  // Takes the received messages. `offsets` are those of the messages in the memory, by sender. The
  // memory is slab `slab` of the ring, if that is not null.
  std::function<void(std::size_t round, const std::vector<std::uint64_t>& offsets,
                     const c10::Storage& memory, PinnedRing* ring, std::size_t slab)>
      take;
};

// What a process exchanged with the others, in bytes, without headers.
struct ExchangeCounts {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

// Runs all rounds, or fewer if a process fails: then all stop in the same round, this returns
// nullopt, and the next Agreement::settle() throws. No collective is in flight when this returns.
// Throws GroupFailure.
std::optional<ExchangeCounts> run_exchange(const Group& group, Agreement& agreement,
                                           const Exchange& exchange, ExchangeMemory& memory);

}  // namespace safetensors
