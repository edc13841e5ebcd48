// Bytes done of bytes in all, told to the caller's progress callback.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include <safetensors/safetensors.hpp>

namespace safetensors {

// For one thread: the one that called into the library.
class ProgressCounter {
 public:
  // Returns whether to go on.
  using Callback = std::function<bool(std::uint64_t done, std::uint64_t total)>;

  // An empty callback is never called.
  ProgressCounter(Callback callback, std::uint64_t total)
      : callback_(std::move(callback)), total_(total) {}

  // `nbytes` more are done. Throws Error ST_E_CANCELLED if the callback says to stop; what the
  // callback throws passes through.
  void add(std::uint64_t nbytes) {
    done_ += nbytes;
    if (callback_ && !callback_(done_, total_))
      throw Error(ST_E_CANCELLED, "stopped by the progress callback after " +
                                      std::to_string(done_) + " of " + std::to_string(total_) +
                                      " bytes");
  }

  std::uint64_t done() const noexcept { return done_; }
  std::uint64_t total() const noexcept { return total_; }

 private:
  Callback callback_;
  std::uint64_t done_ = 0;
  std::uint64_t total_;
};

}  // namespace safetensors
