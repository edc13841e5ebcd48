#include "distributed/checkpoints.h"

#include <utility>

namespace safetensors {

void Checkpoints::reach(std::uint64_t done, std::uint64_t total) {
  // The last part of the work ends with finish().
  while (passed_ < count_ && done < total && done >= total / (count_ + 1) * (passed_ + 1))
    if (!pass(false)) throw OtherProcessFailed();
}

void Checkpoints::finish(bool failed) {
  while (passed_ < count_ && !has_failed_ && pass(failed)) {
  }
  if (wait_) std::exchange(wait_, nullptr)();
}

bool Checkpoints::pass(bool failed) {
  if (wait_) {
    std::exchange(wait_, nullptr)();
    has_failed_ = statuses_.cpu().any().item<bool>();
    if (has_failed_) return false;
  }
  auto [statuses, wait] = group_.start_status(failed);
  ++passed_;
  statuses_ = std::move(statuses);
  wait_ = std::move(wait);
  return true;
}

}  // namespace safetensors
