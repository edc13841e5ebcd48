#include "distributed/exchange.h"

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <numeric>
#include <utility>

#include "device/read_ahead.h"
#include "tensor/byte_view.h"

namespace safetensors {

namespace {

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
        reads_(exchange.rounds, sent_slab_count, exchange.threads,
               [this](std::size_t round) { exchange_.make(round, messages(round)); }) {}

  std::optional<ExchangeCounts> run() {
    const std::size_t rounds = exchange_.rounds;
    if (rounds == 0) return counts_;
    prepare(0);
    start(0);
    for (std::size_t round = 0; round < rounds; ++round) {
      const bool is_last = round + 1 == rounds;
      // The messages of the next round are made while those of this one are under way.
      if (!is_last) prepare(round + 1);
      wait_();
      reads_.release(round);
      if (has_failed_sender(round)) return std::nullopt;
      if (!is_last) start(round + 1);
      agreement_.attempt([&] {
        exchange_.take(round, offsets_[round % 2], memory_.received.slab(round % 2),
                       memory_.received.ring(), round % 2);
      });
    }
    return counts_;
  }

 private:
  std::byte* messages(std::size_t round) const {
    return static_cast<std::byte*>(memory_.sent[round % sent_slab_count].mutable_data());
  }

  std::int64_t size(std::size_t round, std::size_t sender, std::size_t receiver) const {
    return static_cast<std::int64_t>(exchange_.size(round, sender, receiver));
  }

  static std::uint64_t payload(std::int64_t size) {
    return static_cast<std::uint64_t>(size) - message_header_nbytes;
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
    std::vector<std::int64_t> received, sent;
    for (std::size_t other = 0; other < group_.size(); ++other) {
      received.push_back(size(round, other, group_.rank()));
      sent.push_back(size(round, group_.rank(), other));
      if (other == group_.rank()) continue;
      counts_.received += payload(received.back());
      counts_.sent += payload(sent.back());
    }
    if (exchange_.to_all) {
      const std::int64_t own = sent.front();
      sent.assign(1, *std::max_element(received.begin(), received.end()));
      received.assign(group_.size(), sent.front());
      std::memset(messages(round) + own, 0, static_cast<std::size_t>(sent.front() - own));
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
  ExchangeCounts counts_;
  std::vector<std::uint64_t> offsets_[2];
  Group::Wait wait_;
  ReadAhead reads_;  // last: its threads use the others
};

}  // namespace

std::optional<ExchangeCounts> run_exchange(const Group& group, Agreement& agreement,
                                           const Exchange& exchange, ExchangeMemory& memory) {
  return Rounds(group, agreement, exchange, memory).run();
}

}  // namespace safetensors
