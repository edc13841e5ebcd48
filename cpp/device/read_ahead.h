// Fills slabs on threads, ahead of the consumer.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace safetensors {

// Fill i goes into slab i % slab_count as soon as that slab is released. The fills begin in order,
// several at a time.
class ReadAhead {
 public:
  // Fills the slab; called on the threads, by several at once. It does not call LibTorch.
  using Fill = std::function<void(std::size_t fill)>;

  // Without readers, or if no thread can be created, wait() fills.
  ReadAhead(std::size_t fill_count, std::size_t slab_count, std::size_t readers, Fill fill);
  // Waits for the fills that have begun, and begins no other.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // Waits until the slab is filled. Throws what a fill threw. Call it for the fills in order.
  void wait(std::size_t fill);

  // Lets the fill's slab be overwritten. Call it for the fills in order.
  void release(std::size_t fill);

 private:
  void run();

  std::size_t fill_count_;
  std::size_t slab_count_;
  Fill fill_;
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable progressed_;
  std::size_t next_ = 0;         // the fill that begins next
  std::size_t allowed_;          // fills below may begin
  std::vector<bool> is_filled_;  // by fill
  std::exception_ptr error_;
  bool stop_ = false;
};

}  // namespace safetensors
