// Finds a name's position among many. Open addressing; keyed with random bits, because names come
// from files that may be made to collide.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "format/hash_name.h"

namespace st {

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

}  // namespace st
