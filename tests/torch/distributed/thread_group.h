// Process groups whose ranks are threads of one process.
#pragma once

#include <c10/core/Device.h>
#include <c10/util/intrusive_ptr.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <vector>

// What the ranks of a group share.
class ThreadRanks {
 public:
  // The groups have a backend for tensors of this device type alone.
  explicit ThreadRanks(std::size_t count, c10::DeviceType type = c10::DeviceType::CPU);

  // The groups have two backends, whose collectives do not meet.
  ThreadRanks(std::size_t count, c10::DeviceType first, c10::DeviceType second);

  std::size_t size() const { return groups_.size(); }
  const c10::intrusive_ptr<c10d::ProcessGroup>& group(std::size_t rank) const {
    return groups_[rank];
  }

  // Runs the function on a thread for each rank, and waits for all of them.
  void run(const std::function<void(std::size_t rank)>& function) const;

  // From its collective number `count` on, the rank takes part in none, and leaves with an
  // exception; the others' collectives fail, as if it was killed.
  void leave_after(std::size_t rank, std::size_t count);

  // The number of collectives that a rank has begun.
  std::size_t collectives(std::size_t rank) const;

  class Shared;

 private:
  std::shared_ptr<Shared> shared_;
  std::vector<c10::intrusive_ptr<c10d::ProcessGroup>> groups_;
};
