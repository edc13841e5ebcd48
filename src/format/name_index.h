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

#include "io/platform.h"

namespace st {

struct HashKey {
  std::uint64_t first;
  std::uint64_t second;
};

// Without the key, names that collide cannot be constructed; ordinary names spread under every key.
std::uint64_t hash_name(std::string_view name, HashKey key) noexcept;

// Finds a name's position among many. Open addressing under a random key, because names come from
// files that an attacker may have written.
class NameIndex {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  // Room for `count` names.
  explicit NameIndex(std::size_t count);

  // Adds a name at `position`. If the name is there already, returns its position and adds nothing.
  // `name_of(position)` gives the name of a position added before.
  template <class NameOf>
  std::uint32_t insert(std::string_view name, std::uint32_t position, NameOf name_of) noexcept {
    return insert_hashed(name, hash_of(name), position, name_of);
  }

  // Adds the names at the positions 0..count-1, each with insert. Returns the first position whose
  // name is there already, and adds no name after it; `none` if all names differ.
  template <class NameOf>
  std::uint32_t insert_all(std::uint32_t count, NameOf name_of) noexcept {
    // The slots of several names are fetched at once: in a large index each is a cache miss.
    constexpr std::uint32_t batch = 32;
    std::uint64_t hashes[batch];
    for (std::uint32_t first = 0; first < count; first += batch) {
      const std::uint32_t end = std::min(count - first, batch);
      for (std::uint32_t i = 0; i < end; ++i) {
        hashes[i] = hash_of(name_of(first + i));
        __builtin_prefetch(&slots_[hashes[i] & mask_], 1);
      }
      for (std::uint32_t i = 0; i < end; ++i) {
        const std::uint32_t position = first + i;
        if (insert_hashed(name_of(position), hashes[i], position, name_of) != none) return position;
      }
    }
    return none;
  }

  // Under this index's own key.
  std::uint64_t hash_of(std::string_view name) const noexcept { return hash_name(name, key_); }

  // The position of a name, or `none`.
  template <class NameOf>
  std::uint32_t find(std::string_view name, NameOf name_of) const noexcept {
    const std::uint64_t hash = hash_of(name);
    for (std::size_t slot = hash & mask_; slots_[slot].position != none;
         slot = (slot + 1) & mask_) {
      if (slots_[slot].tag == tag_of(hash) && name_of(slots_[slot].position) == name) {
        return slots_[slot].position;
      }
    }
    return none;
  }

 private:
  template <class NameOf>
  std::uint32_t insert_hashed(std::string_view name, std::uint64_t hash, std::uint32_t position,
                              NameOf name_of) noexcept {
    std::size_t slot = hash & mask_;
    for (; slots_[slot].position != none; slot = (slot + 1) & mask_) {
      if (slots_[slot].tag == tag_of(hash) && name_of(slots_[slot].position) == name) {
        return slots_[slot].position;
      }
    }
    slots_[slot] = {tag_of(hash), position};
    return none;
  }

  struct Slot {
    std::uint32_t tag;
    std::uint32_t position;
  };

  static std::uint32_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32);
  }

  HashKey key_;
  std::size_t mask_;
  LargeVector<Slot> slots_;
};

// An order over the positions 0..count-1 that the first thread that needs it computes. No lock is
// held, so that a fork meanwhile leaves nothing locked.
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
