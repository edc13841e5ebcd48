// A set of disjoint intervals of integers, which merges those that touch or overlap.
#pragma once

#include <cstdint>
#include <map>

namespace st {

class IntervalSet {
 public:
  // Adds begin <= i < end. If it throws std::bad_alloc, the set is unchanged.
  void add(std::uint64_t begin, std::uint64_t end);

  // Removes begin <= i < end and, if memory is exhausted, more than that.
  void remove(std::uint64_t begin, std::uint64_t end) noexcept;

  // The first i with begin <= i < end that the set lacks; `end` if it has all of them.
  std::uint64_t first_missing(std::uint64_t begin, std::uint64_t end) const noexcept;

  std::size_t interval_count() const noexcept { return ends_.size(); }

 private:
  std::map<std::uint64_t, std::uint64_t> ends_;  // of the interval that begins at the key
};

}  // namespace st
