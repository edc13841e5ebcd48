#include "fake_host_memory.h"

#include <c10/util/Exception.h>
#include <sys/mman.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <vector>

namespace fake {

namespace {

struct Range {
  const std::byte* begin;
  std::size_t nbytes;
  bool operator==(const Range&) const = default;
  bool overlaps(const Range& other) const {
    return begin < other.begin + other.nbytes && other.begin < begin + nbytes;
  }
};

struct HostMemory {
  std::mutex mutex;
  std::map<const std::byte*, std::size_t> pinned;
  std::vector<Range> in_flight;
  HostCounters counters;

  bool flies(const Range& range) const {
    return std::ranges::any_of(in_flight, [&](const Range& r) { return r.overlaps(range); });
  }
};

HostMemory& host() {
  static auto* const instance = new HostMemory;
  return *instance;
}

Range range(const void* begin, std::size_t nbytes) {
  return {static_cast<const std::byte*>(begin), nbytes};
}

}  // namespace

void* allocate_pinned(std::size_t nbytes) {
  if (nbytes == 0) return nullptr;
  void* const pointer =
      mmap(nullptr, nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  TORCH_CHECK_WITH(OutOfMemoryError, pointer != MAP_FAILED, "fake device: no pinned memory");
  const std::lock_guard lock(host().mutex);
  host().pinned[static_cast<std::byte*>(pointer)] = nbytes;
  HostCounters& counters = host().counters;
  counters.pinned_bytes += nbytes;
  counters.peak_pinned_bytes = std::max(counters.peak_pinned_bytes, counters.pinned_bytes);
  return pointer;
}

void release_pinned(void* pointer) {
  if (!pointer) return;
  const std::lock_guard lock(host().mutex);
  const auto found = host().pinned.find(static_cast<std::byte*>(pointer));
  const std::size_t nbytes = found->second;
  host().pinned.erase(found);
  host().counters.pinned_bytes -= nbytes;
  if (host().flies(range(pointer, nbytes)))
    ++host().counters.freed_in_flight;  // stays mapped: a counter is more useful than a crash
  else
    munmap(pointer, nbytes);
}

bool is_pinned(const void* pointer) {
  const std::lock_guard lock(host().mutex);
  const auto after = host().pinned.upper_bound(static_cast<const std::byte*>(pointer));
  if (after == host().pinned.begin()) return false;
  const auto& [begin, nbytes] = *std::prev(after);
  return static_cast<const std::byte*>(pointer) < begin + nbytes;
}

void begin_flight(const void* pointer, std::size_t nbytes) {
  const std::lock_guard lock(host().mutex);
  host().in_flight.push_back(range(pointer, nbytes));
  HostCounters& counters = host().counters;
  counters.bytes_in_flight += nbytes;
  counters.peak_bytes_in_flight = std::max(counters.peak_bytes_in_flight, counters.bytes_in_flight);
}

void end_flight(const void* pointer, std::size_t nbytes) {
  const std::lock_guard lock(host().mutex);
  host().in_flight.erase(std::ranges::find(host().in_flight, range(pointer, nbytes)));
  host().counters.bytes_in_flight -= nbytes;
}

bool is_in_flight(const void* pointer, std::size_t nbytes) {
  const std::lock_guard lock(host().mutex);
  return host().flies(range(pointer, nbytes));
}

HostCounters host_counters() {
  const std::lock_guard lock(host().mutex);
  return host().counters;
}

void reset_host_counters() {
  const std::lock_guard lock(host().mutex);
  HostCounters& counters = host().counters;
  counters.peak_pinned_bytes = counters.pinned_bytes;
  counters.peak_bytes_in_flight = counters.bytes_in_flight;
  counters.freed_in_flight = 0;
}

}  // namespace fake
