#include "cli/parallel/parallel_work.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/output/progress_bar.h"

namespace safetensors::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto update_interval = 50ms;
constexpr unsigned most_threads = 16;  // each of which needs memory for what it reads

// The jobs that are left, and the first exception of one.
class JobQueue {
 public:
  JobQueue(std::size_t count, const Job& job) : count_(count), job_(job) {}

  void run() {
    for (std::size_t index = next_++; index < count_; index = next_++) {
      try {
        job_(index, progress_);
      } catch (...) {
        fail(std::current_exception());
      }
    }
    const std::lock_guard lock(mutex_);
    ++finished_;
    ended_.notify_one();
  }

  // Waits until `threads` have returned from run(), and shows the progress meanwhile.
  void wait(std::size_t threads, ProgressBar& bar, std::uint64_t before, std::uint64_t total) {
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, update_interval, [&] { return finished_ == threads; })) {
      if (!bar.update(before + progress_.done(), total) && !exception_)
        stop(std::make_exception_ptr(Error(ST_E_CANCELLED, "interrupted")));
    }
  }

  // Leaves out the jobs that have not begun, and interrupts the others.
  void cancel() {
    next_ = count_;
    progress_.cancel();
  }

  void rethrow() {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  void fail(std::exception_ptr exception) {
    const std::lock_guard lock(mutex_);
    if (!exception_) stop(std::move(exception));
  }

  void stop(std::exception_ptr exception) {
    exception_ = std::move(exception);
    cancel();
  }

  std::size_t count_;
  const Job& job_;
  std::atomic<std::size_t> next_{0};
  WorkProgress progress_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t finished_ = 0;
  std::exception_ptr exception_;
};

// Threads that run the jobs of a queue. The destructor cancels the jobs, and waits for the threads.
class Workers {
 public:
  // Starts fewer threads than wanted if the system has no more.
  Workers(JobQueue& queue, std::size_t wanted) : queue_(queue) {
    threads_.reserve(wanted);
    try {
      while (threads_.size() < wanted)
        threads_.emplace_back([&queue] { queue.run(); });
    } catch (const std::system_error&) {
    } catch (...) {
      queue.cancel();
      throw;
    }
  }
  ~Workers() { queue_.cancel(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  std::size_t count() const { return threads_.size(); }

 private:
  JobQueue& queue_;
  std::vector<std::jthread> threads_;
};

}  // namespace

void WorkProgress::advance(std::uint64_t nbytes) {
  done_ += nbytes;
  if (is_cancelled_) throw Error(ST_E_CANCELLED, "interrupted");
}

std::size_t machine_threads() {
  return std::clamp(std::thread::hardware_concurrency(), 1u, most_threads);
}

void run_parallel(std::size_t count, std::size_t threads, const std::string& title,
                  std::uint64_t total, const Job& job) {
  ProgressBar bar(title);
  run_parallel(count, threads, bar, 0, total, job);
}

void run_parallel(std::size_t count, std::size_t threads, ProgressBar& bar, std::uint64_t before,
                  std::uint64_t total, const Job& job) {
  JobQueue queue(count, job);
  Workers workers(queue, std::min(count, threads));
  if (workers.count() == 0) queue.run();
  queue.wait(std::max<std::size_t>(workers.count(), 1), bar, before, total);
  queue.rethrow();
}

}  // namespace safetensors::cli
