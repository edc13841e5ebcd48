// Reads a file into slabs on threads, ahead of the consumer.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "device/read_plan.h"

namespace safetensors {

// Fill i of the plan is read into slab i % slabs as soon as that slab is released. The fills begin
// in order, several at a time. The threads do not call LibTorch.
class ReadAhead {
 public:
  // The arguments must outlive this object. Without readers, or if no thread can be created, wait()
  // reads.
  ReadAhead(const File& file, const ReadPlan& plan, std::vector<std::byte*> slabs,
            std::size_t readers);
  // Waits for the reads that have begun, and begins no other.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // Waits until the fill is read into its slab. Throws Error if a read failed. Call it for the
  // fills in order.
  void wait(std::size_t fill);

  // Lets the fill's slab be overwritten. Call it for the fills in order.
  void release(std::size_t fill);

 private:
  void run();
  std::optional<st_error> read(std::size_t fill) const;

  const File& file_;
  const ReadPlan& plan_;
  std::vector<std::byte*> slabs_;
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable progressed_;
  std::size_t next_ = 0;       // the fill that begins next
  std::size_t allowed_;        // fills below may begin
  std::vector<bool> is_read_;  // by fill
  std::optional<st_error> error_;
  bool stop_ = false;
};

}  // namespace safetensors
