// Tensor names: their hash, an index over them, and their order.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

namespace st {

// A name as 64 bits: spreads evenly under any key; with a secret one, names that collide cannot be
// made on purpose.
std::uint64_t hash_name(std::string_view name, std::uint64_t key) noexcept;

// Finds a name's position among many. Open addressing; keyed with random bits, because names come
// from files that may be made to collide.
class NameIndex {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  // Room for `count` names.
  explicit NameIndex(std::size_t count);

  // Adds a name at `position`, or returns the position that already has it and leaves it there.
  // `name_of(position)` gives the name of a position added before.
  template <class NameOf>
  std::uint32_t insert(std::string_view name, std::uint32_t position, NameOf name_of) noexcept {
    const std::uint64_t hash = hash_name(name, key_);
    std::size_t slot = hash & mask_;
    for (; slots_[slot].position != none; slot = (slot + 1) & mask_) {
      if (slots_[slot].tag == tag_of(hash) && name_of(slots_[slot].position) == name) {
        return slots_[slot].position;
      }
    }
    slots_[slot] = {tag_of(hash), position};
    return none;
  }

  // The position of a name, or `none`.
  template <class NameOf>
  std::uint32_t find(std::string_view name, NameOf name_of) const noexcept {
    const std::uint64_t hash = hash_name(name, key_);
    for (std::size_t slot = hash & mask_; slots_[slot].position != none;
         slot = (slot + 1) & mask_) {
      if (slots_[slot].tag == tag_of(hash) && name_of(slots_[slot].position) == name) {
        return slots_[slot].position;
      }
    }
    return none;
  }

 private:
  struct Slot {
    std::uint32_t tag;
    std::uint32_t position;
  };

  static std::uint32_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32);
  }

  std::uint64_t key_;
  std::size_t mask_;
  std::vector<Slot> slots_;
};

// An order over the positions 0..count-1 that is computed by the first thread that asks for it. No
// lock is held, so that a fork in the middle leaves nothing locked.
class LazyOrder {
 public:
  LazyOrder() noexcept = default;
  LazyOrder(const LazyOrder&) = delete;
  LazyOrder& operator=(const LazyOrder&) = delete;
  ~LazyOrder() { delete order_.load(std::memory_order_acquire); }

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
