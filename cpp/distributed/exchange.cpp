#include "distributed/exchange.h"

#include <ATen/ops/empty.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <numeric>
#include <string>
#include <utility>

#include "device/read_ahead.h"
#include "tensor/byte_view.h"

namespace safetensors {

namespace {

constexpr std::uint64_t page = 4096;
// Of an exchange that is not small.
constexpr std::uint64_t fewest_rounds = 64;
constexpr std::uint64_t smallest_chunk = std::uint64_t{1} << 20;

c10::Storage host_storage(std::uint64_t nbytes) {
  return {c10::Storage::use_byte_size_t(), nbytes, c10::GetCPUAllocator()->allocate(nbytes)};
}

std::uint64_t sum(const std::vector<std::int64_t>& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0},
                         [](std::uint64_t total, std::int64_t size) {
                           return total + static_cast<std::uint64_t>(size);
                         });
}

class Rounds {
 public:
  Rounds(const Group& group, Agreement& agreement, const Exchange& exchange, ExchangeMemory& memory)
      : group_(group),
        agreement_(agreement),
        exchange_(exchange),
        memory_(memory),
        sizes_(sent_slab_count),
        reads_(exchange.rounds, sent_slab_count, exchange.threads, [this](std::size_t round) {
          exchange_.make(round, messages(round), &sizes_[round % sent_slab_count]);
        }) {}

  bool run() {
    const std::size_t rounds = exchange_.rounds;
    if (rounds == 0) return true;
    prepare(0);
    start(0);
    for (std::size_t round = 0; round < rounds; ++round) {
      const bool is_last = round + 1 == rounds;
      // The messages of the next round are made while those of this one are under way.
      if (!is_last) prepare(round + 1);
      wait_();
      reads_.release(round);
      if (has_failed_sender(round)) return false;
      if (!is_last) start(round + 1);
      agreement_.attempt([&] {
        exchange_.take(round, offsets_[round % 2], memory_.received.slab(round % 2),
                       memory_.received.ring(), round % 2);
      });
    }
    return true;
  }

 private:
  std::byte* messages(std::size_t round) const {
    return static_cast<std::byte*>(memory_.sent[round % sent_slab_count].mutable_data());
  }

  // After a failure a thread may still make the messages that are about to be sent.
  void wait_for_thread(std::size_t round) {
    try {
      reads_.wait(round);
    } catch (const std::exception&) {
      // Agreement has this error, or an earlier one.
    }
  }

  void prepare(std::size_t round) {
    agreement_.attempt([&] { reads_.wait(round); });
  }

  // A process that failed sends messages of the expected sizes too, with any content.
  void start(std::size_t round) {
    agreement_.attempt([&] { memory_.received.wait_until_free(round % 2); });
    if (agreement_.has_failed()) wait_for_thread(round);
    std::vector<std::int64_t> received = exchange_.received_sizes(round);
    std::vector<std::int64_t> sent;
    if (exchange_.to_all) {
      const auto own_size = static_cast<std::size_t>(received[group_.rank()]);
      received.assign(group_.size(), *std::max_element(received.begin(), received.end()));
      sent.assign(1, received.front());
      std::memset(messages(round) + own_size, 0, static_cast<std::size_t>(sent.front()) - own_size);
    } else {
      sent =
          agreement_.has_failed() ? exchange_.sent_sizes(round) : sizes_[round % sent_slab_count];
    }

    const std::int64_t status = agreement_.has_failed() ? 1 : 0;
    std::uint64_t offset = 0;
    for (const std::int64_t size : sent) {
      std::memcpy(messages(round) + offset, &status, message_header_nbytes);
      offset += static_cast<std::uint64_t>(size);
    }
    auto& offsets = offsets_[round % 2];
    offsets.assign(1, 0);
    for (const std::int64_t size : received)
      offsets.push_back(offsets.back() + static_cast<std::uint64_t>(size));

    at::Tensor own = byte_view(memory_.sent[round % sent_slab_count], 0, sum(sent));
    if (!memory_.device_sent.empty()) {
      const c10::NoGradGuard no_grad;
      at::Tensor on_device = memory_.device_sent[round % 2].narrow(0, 0, own.numel());
      on_device.copy_(own);
      own = std::move(on_device);
    }
    at::Tensor all = byte_view(memory_.received.slab(round % 2), 0, offsets.back());
    wait_ = exchange_.to_all ? group_.start_all_gather(std::move(all), std::move(own))
                             : group_.start_all_to_all(std::move(all), std::move(received),
                                                       std::move(own), std::move(sent));
  }

  // Every process sees the same senders fail in the same round.
  bool has_failed_sender(std::size_t round) const {
    const c10::Storage& memory = memory_.received.slab(round % 2);
    const auto& offsets = offsets_[round % 2];
    if (memory.device().is_cpu()) {
      const auto* const messages = static_cast<const std::byte*>(memory.data());
      for (std::size_t r = 0; r < group_.size(); ++r) {
        std::int64_t status;
        std::memcpy(&status, messages + offsets[r], sizeof status);
        if (status != 0) return true;
      }
      return false;
    }
    const c10::NoGradGuard no_grad;
    at::Tensor headers = at::empty({static_cast<std::int64_t>(group_.size()), 8}, at::kByte);
    for (std::size_t r = 0; r < group_.size(); ++r)
      headers[static_cast<std::int64_t>(r)].copy_(
          byte_view(memory, offsets[r], message_header_nbytes));
    const auto* bytes = static_cast<const std::byte*>(headers.const_data_ptr());
    return std::any_of(bytes, bytes + headers.nbytes(),
                       [](std::byte b) { return b != std::byte{0}; });
  }

  const Group& group_;
  Agreement& agreement_;
  const Exchange& exchange_;
  ExchangeMemory& memory_;
  std::vector<std::vector<std::int64_t>> sizes_;  // of the messages in each slab
  std::vector<std::uint64_t> offsets_[2];
  Group::Wait wait_;
  ReadAhead reads_;  // last: its threads use the others
};

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

bool run_exchange(const Group& group, Agreement& agreement, const Exchange& exchange,
                  ExchangeMemory& memory) {
  return Rounds(group, agreement, exchange, memory).run();
}

}  // namespace safetensors
