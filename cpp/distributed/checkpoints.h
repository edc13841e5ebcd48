// Tells all processes early that one of them failed, while each reads for itself.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>

#include "distributed/group.h"

namespace safetensors {

// Another process failed: the caller stops, calls finish(), and lets Agreement::settle() throw.
struct OtherProcessFailed {};

// At each of `count` checkpoints, which divide the work of each process, all processes exchange
// whether they failed. They do not wait for each other at a checkpoint, but at the one after it.
class Checkpoints {
 public:
  Checkpoints(const Group& group, std::size_t count) : group_(group), count_(count) {}

  // Passes the checkpoints that precede this part of the work, done of total. Throws
  // OtherProcessFailed, GroupFailure.
  void reach(std::uint64_t done, std::uint64_t total);

  // Passes the other checkpoints, or those until all processes know of the failure of one: `failed`
  // tells whether this one did. Throws GroupFailure.
  void finish(bool failed);

 private:
  // Returns false if a process failed at the checkpoint before.
  bool pass(bool failed);

  const Group& group_;
  std::size_t count_;
  std::size_t passed_ = 0;
  bool has_failed_ = false;
  at::Tensor statuses_;
  Group::Wait wait_;
};

}  // namespace safetensors
