// An order over the positions 0..count-1 that is worked out when it is first asked for, by
// whichever threads ask: no lock is held, so a fork in the middle leaves nothing locked.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

namespace st {

class OnceSorted {
 public:
  OnceSorted() noexcept = default;
  OnceSorted(const OnceSorted&) = delete;
  OnceSorted& operator=(const OnceSorted&) = delete;
  ~OnceSorted() { delete order_.load(std::memory_order_acquire); }

  // `before` orders two positions; it and `count` are the same at every call.
  template <class Before>
  std::span<const std::uint32_t> get(std::size_t count, Before before) const {
    const std::vector<std::uint32_t>* order = order_.load(std::memory_order_acquire);
    if (!order) {
      auto made = std::make_unique<std::vector<std::uint32_t>>(count);
      std::iota(made->begin(), made->end(), std::uint32_t{0});
      std::sort(made->begin(), made->end(), before);
      if (order_.compare_exchange_strong(order, made.get(), std::memory_order_acq_rel)) {
        order = made.release();
      }
    }
    return *order;
  }

 private:
  mutable std::atomic<const std::vector<std::uint32_t>*> order_{nullptr};
};

}  // namespace st
