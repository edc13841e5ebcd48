#include "fake_work.h"

#include <c10/util/Exception.h>

#include <array>
#include <cstring>
#include <mutex>
#include <utility>

#include "fake_memory.h"

namespace fake {

std::atomic<bool> has_stream_pool{true};
std::atomic<bool> has_events{true};

std::atomic<std::int64_t> live_events{0};

namespace {

std::atomic<std::uint64_t> copies_done{0};
std::atomic<std::uint64_t> copies_too_late{0};

// The number of operations until the one that fails; 0: none fails.
std::array<std::atomic<std::uint64_t>, operation_count> countdowns{};

std::mutex hook_mutex;
CopyHook& hook() {
  static auto* const instance = new CopyHook;
  return *instance;
}

CopyHook current_hook() {
  const std::lock_guard lock(hook_mutex);
  return hook();
}

// The source or destination of a copy at the time when the copy was queued.
struct Side {
  std::byte* bytes;
  const void* pointer;
  int device;  // -1 for host memory
  std::uint64_t generation = 0;

  explicit Side(const void* p)
      : bytes(static_cast<std::byte*>(const_cast<void*>(p))), pointer(p), device(device_of(p)) {
    if (device < 0) return;
    bytes = memory(device).access(p);
    generation = memory(device).generation(p);
  }
  bool is_dead() const { return device >= 0 && memory(device).is_dead(pointer, generation); }
};

}  // namespace

void begin(Operation operation) {
  std::atomic<std::uint64_t>& countdown = countdowns[static_cast<std::size_t>(operation)];
  std::uint64_t left = countdown.load();
  while (left != 0 && !countdown.compare_exchange_weak(left, left - 1)) {
  }
  if (left != 1) return;
  const bool is_allocation =
      operation == Operation::device_allocation || operation == Operation::pinned_allocation;
  TORCH_CHECK_WITH(OutOfMemoryError, !is_allocation, "fake device: out of memory, as asked for");
  TORCH_CHECK(false, "fake device: failed, as asked for");
}

void fail(Operation operation, std::uint64_t successes) {
  countdowns[static_cast<std::size_t>(operation)] = successes + 1;
}

void fail_nothing() {
  for (auto& countdown : countdowns)
    countdown = 0;
}

void set_copy_hook(CopyHook replacement) {
  const std::lock_guard lock(hook_mutex);
  hook() = std::move(replacement);
}

std::uint64_t queue_copy(Stream& on, void* to, const void* from, std::size_t nbytes) {
  begin(Operation::copy);
  const Side target(to);
  const Side source(from);
  const Side& host = target.device < 0 ? target : source;
  const bool crosses = (target.device < 0) != (source.device < 0);
  if (crosses) begin_flight(host.bytes, nbytes);
  on.push([=] {
    if (crosses)
      if (const CopyHook call = current_hook()) call(host.bytes, nbytes);
    if (target.is_dead() || source.is_dead()) ++copies_too_late;
    std::memcpy(target.bytes, source.bytes, nbytes);
    if (!crosses) return;
    end_flight(host.bytes, nbytes);
    ++copies_done;
  });
  return on.tail();
}

Counters counters() {
  Counters now;
  now.copies = copies_done;
  now.late_copies = copies_too_late;
  now.events = live_events;
  now.host = host_counters();
  for (int index = 0; index < device_count; ++index)
    now.device_bytes += memory(index).bytes_in_use();
  return now;
}

void reset_counters() {
  copies_done = 0;
  copies_too_late = 0;
  reset_host_counters();
}

}  // namespace fake
