// Runs jobs on several threads, with a progress bar that also cancels them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace safetensors::cli {

class ProgressBar;

// What a job reports its progress to.
class WorkProgress {
 public:
  // Throws Error ST_E_CANCELLED if the work is to be cancelled.
  void advance(std::uint64_t nbytes);

  std::uint64_t done() const { return done_; }
  void cancel() { is_cancelled_ = true; }

 private:
  std::atomic<std::uint64_t> done_{0};
  std::atomic<bool> is_cancelled_{false};
};

using Job = std::function<void(std::size_t index, WorkProgress& progress)>;

// The number of threads that the machine runs at once, at most 16.
std::size_t machine_threads();

// Calls job(0, progress) to job(count - 1, progress), in this order, on at most `threads` threads,
// and waits. `total` is what the jobs advance in all. Rethrows an exception of a job after the
// others are cancelled. Throws Error ST_E_CANCELLED for an interrupt.
void run_parallel(std::size_t count, std::size_t threads, const std::string& title,
                  std::uint64_t total, const Job& job);

// The same for a part of the work of a bar, which had done `before` when it began.
void run_parallel(std::size_t count, std::size_t threads, ProgressBar& bar, std::uint64_t before,
                  std::uint64_t total, const Job& job);

}  // namespace safetensors::cli
