#include "interval_set.h"

#include <algorithm>
#include <iterator>
#include <new>

namespace st {

void IntervalSet::add(std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) return;
  auto after = ends_.upper_bound(begin);
  // The interval that the new one extends, or the new one itself.
  auto grown = after;
  if (after != ends_.begin() && std::prev(after)->second >= begin) {
    grown = std::prev(after);
    grown->second = std::max(grown->second, end);
  } else {
    grown = ends_.emplace_hint(after, begin, end);
  }
  while (after != ends_.end() && after->first <= grown->second) {
    grown->second = std::max(grown->second, after->second);
    after = ends_.erase(after);
  }
}

void IntervalSet::remove(std::uint64_t begin, std::uint64_t end) noexcept {
  if (begin >= end) return;
  auto next = ends_.lower_bound(begin);
  std::uint64_t last = 0;  // the end of the removed intervals
  if (next != ends_.begin() && std::prev(next)->second > begin) {
    last = std::prev(next)->second;
    std::prev(next)->second = begin;
  }
  while (next != ends_.end() && next->first < end) {
    last = next->second;
    next = ends_.erase(next);
  }
  if (last <= end) return;
  try {
    ends_.emplace_hint(next, end, last);
  } catch (const std::bad_alloc&) {  // what follows `end` is removed too
  }
}

std::uint64_t IntervalSet::first_missing(std::uint64_t begin, std::uint64_t end) const noexcept {
  const auto after = ends_.upper_bound(begin);
  if (after == ends_.begin() || std::prev(after)->second <= begin) return begin;
  return std::min(std::prev(after)->second, end);
}

}  // namespace st
