#include "distributed/exchange_memory.h"

#include <ATen/ops/empty.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <exception>
#include <safetensors/safetensors.hpp>
#include <string>
#include <utility>

namespace safetensors {

namespace {

constexpr std::uint64_t page = 4096;
// Of an exchange that is not small.
constexpr std::uint64_t fewest_rounds = 64;
constexpr std::uint64_t smallest_chunk = std::uint64_t{1} << 20;

c10::Storage host_storage(std::uint64_t nbytes) {
  return {c10::Storage::use_byte_size_t(), nbytes, c10::GetCPUAllocator()->allocate(nbytes)};
}

}  // namespace

ReceivedSlabs::ReceivedSlabs(c10::Device exchange_device, std::optional<c10::Device> accelerator,
                             std::uint64_t nbytes) {
  if (exchange_device.is_cpu() && accelerator) {
    ring_ = PinnedRing::take(accelerator->type(), nbytes, count);
    return;
  }
  for (std::size_t i = 0; i < count; ++i)
    memory_.push_back(exchange_device.is_cpu()
                          ? host_storage(nbytes)
                          : at::empty(static_cast<std::int64_t>(nbytes),
                                      at::TensorOptions().dtype(at::kByte).device(exchange_device))
                                .storage());
}

ReceivedSlabs::~ReceivedSlabs() {
  if (ring_ && std::uncaught_exceptions() == 0) PinnedRing::keep(std::move(*ring_));
}

const c10::Storage& ReceivedSlabs::slab(std::size_t index) const {
  return ring_ ? ring_->slab(index) : memory_[index];
}

void ReceivedSlabs::wait_until_free(std::size_t index) {
  if (ring_) ring_->wait_until_free(index);
}

ExchangeMemory::ExchangeMemory(c10::Device exchange_device, std::optional<c10::Device> accelerator,
                               std::uint64_t sent_capacity, std::uint64_t received_capacity)
    : received(exchange_device, accelerator, received_capacity) {
  if (exchange_device.is_cpu()) {
    for (std::size_t i = 0; i < sent_slab_count; ++i)
      sent.push_back(host_storage(sent_capacity));
    return;
  }
  sent_ring = PinnedRing::take(exchange_device.type(), sent_capacity, sent_slab_count);
  for (std::size_t i = 0; i < sent_slab_count; ++i)
    sent.push_back(sent_ring->slab(i));
  for (std::size_t i = 0; i < ReceivedSlabs::count; ++i)
    device_sent.push_back(at::empty(static_cast<std::int64_t>(sent_capacity),
                                    at::TensorOptions().dtype(at::kByte).device(exchange_device)));
}

std::uint64_t chunk_nbytes(const ExchangeBudget& budget, std::uint64_t processes,
                           std::uint64_t total) {
  const std::uint64_t slabs =
      sent_slab_count + ReceivedSlabs::count + (budget.on_device ? ReceivedSlabs::count : 0);
  const std::uint64_t rounding = budget.is_pinned ? 2 : 1;
  const std::uint64_t buffers = rounding * slabs * processes + sent_slab_count;
  const std::uint64_t overhead = page * buffers;
  const std::uint64_t chunk = budget.staging_bytes < overhead
                                  ? 0
                                  : (budget.staging_bytes - overhead) / buffers / page * page;
  if (chunk == 0)
    throw Error(ST_E_INVALID_ARGUMENT, "staging_bytes is " + std::to_string(budget.staging_bytes) +
                                           ": the exchange needs " + std::to_string(2 * overhead) +
                                           " bytes or more for " + std::to_string(processes) +
                                           " processes");
  // Rounds overlap with each other, but the first read and the last exchange with nothing.
  const std::uint64_t enough = total / processes / fewest_rounds;
  return std::min(chunk, std::max(smallest_chunk, enough / page * page));
}

}  // namespace safetensors
