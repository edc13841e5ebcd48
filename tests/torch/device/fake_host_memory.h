// Page-locked host memory of the fake accelerator.
#pragma once

#include <cstddef>

namespace fake {

// Each allocation is its own mapping, and goes when it is freed: whoever uses it afterwards faults.
// Throws c10::OutOfMemoryError.
void* allocate_pinned(std::size_t nbytes);
void release_pinned(void* pointer);
bool is_pinned(const void* pointer);

// Copies that are queued and not done. The ranges are of host memory.
void begin_flight(const void* host, std::size_t nbytes);
void end_flight(const void* host, std::size_t nbytes);
// Whether a copy from or to any of these bytes is queued.
bool is_in_flight(const void* host, std::size_t nbytes);

struct HostCounters {
  std::size_t pinned_bytes = 0;
  std::size_t peak_pinned_bytes = 0;
  std::size_t bytes_in_flight = 0;
  std::size_t peak_bytes_in_flight = 0;
  std::size_t freed_in_flight = 0;  // times that memory was freed under a queued copy
};
HostCounters host_counters();
// The peaks become what is in use now, and nothing has gone wrong yet.
void reset_host_counters();

}  // namespace fake
