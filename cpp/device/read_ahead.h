// Threads that read a file into slabs ahead of whoever empties them.
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

// Fill number i of the plan goes into slab i % slabs, as soon as that slab is given back. The fills
// are begun in their order, several at a time. The threads know nothing of LibTorch.
class ReadAhead {
 public:
  // All are borrowed. Without readers, and where no thread is to be had, wait() reads.
  ReadAhead(const File& file, const ReadPlan& plan, std::vector<std::byte*> slabs,
            std::size_t readers);
  // Lets the reads that are under way end, and begins no other.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // Waits until the fill's bytes are in its slab. Throws Error if a read failed. Fills are waited
  // for in their order.
  void wait(std::size_t fill);

  // The fill's slab may be overwritten. Slabs are given back in the order of their fills.
  void release(std::size_t fill);

 private:
  void read_on();
  std::optional<st_error> read(std::size_t fill) const;

  const File& file_;
  const ReadPlan& plan_;
  std::vector<std::byte*> slabs_;
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable progressed_;
  std::size_t next_ = 0;       // the fill to be begun next
  std::size_t allowed_;        // fills below have their slab
  std::vector<bool> is_read_;  // by fill
  std::optional<st_error> error_;
  bool stop_ = false;
};

}  // namespace safetensors
