// Page-locked host memory of the fake accelerator.
#pragma once

#include <cstddef>

namespace fake {

// Each allocation is a mapping of its own, which is unmapped when it is freed, so that use after
// free raises SIGSEGV. Throws c10::OutOfMemoryError.
void* allocate_pinned(std::size_t nbytes);
void release_pinned(void* pointer);
bool is_pinned(const void* pointer);

// Mark the host memory of a copy that is queued and not done.
void begin_flight(const void* host, std::size_t nbytes);
void end_flight(const void* host, std::size_t nbytes);
// Whether a copy from or to any of these bytes is queued.
bool is_in_flight(const void* host, std::size_t nbytes);

struct HostCounters {
  std::size_t pinned_bytes = 0;
  std::size_t peak_pinned_bytes = 0;
  std::size_t bytes_in_flight = 0;
  std::size_t peak_bytes_in_flight = 0;
  std::size_t freed_in_flight = 0;  // the number of releases during a queued copy
};
HostCounters host_counters();
// Sets the peaks to the current values and freed_in_flight to 0.
void reset_host_counters();

}  // namespace fake
