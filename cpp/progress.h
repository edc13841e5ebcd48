// Counts bytes and calls the caller's progress callback.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <safetensors/safetensors.hpp>

namespace safetensors {

// Not thread-safe: used on the thread that called the library.
class ProgressCounter {
 public:
  // An empty callback is never called. With a total of 0 it is called here, because no add() may
  // follow; throws as add() does.
  ProgressCounter(Progress callback, std::uint64_t total)
      : callback_(std::move(callback)), total_(total) {
    if (total_ == 0) add(0);
  }

  // Adds `nbytes` to the bytes that are done. Throws Error ST_E_CANCELLED if the callback returns
  // false, and what the callback throws.
  void add(std::uint64_t nbytes) {
    done_ += nbytes;
    if (callback_ && !callback_(done_, total_))
      throw Error(ST_E_CANCELLED, "the progress callback cancelled the load after " +
                                      std::to_string(done_) + " of " + std::to_string(total_) +
                                      " bytes");
  }

  std::uint64_t done() const noexcept { return done_; }

 private:
  Progress callback_;
  std::uint64_t done_ = 0;
  std::uint64_t total_;
};

}  // namespace safetensors
