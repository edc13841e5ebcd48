#include "device/read_ahead.h"

#include <exception>
#include <utility>

namespace safetensors {

ReadAhead::ReadAhead(std::size_t fill_count, std::size_t slab_count, std::size_t readers, Fill fill)
    : fill_count_(fill_count),
      slab_count_(slab_count),
      fill_(std::move(fill)),
      allowed_(slab_count),
      is_filled_(fill_count) {
  threads_.reserve(readers);
  try {
    while (threads_.size() < readers)
      threads_.emplace_back(&ReadAhead::run, this);
  } catch (const std::exception&) {
    // The limit of threads or memory is reached. The threads that did start, or wait(), fill.
  }
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  progressed_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
}

void ReadAhead::wait(std::size_t fill) {
  if (threads_.empty()) return fill_(fill);
  std::unique_lock lock(mutex_);
  progressed_.wait(lock, [&] { return is_filled_[fill] || error_; });
  if (error_) std::rethrow_exception(error_);
}

void ReadAhead::release(std::size_t fill) {
  {
    const std::lock_guard lock(mutex_);
    allowed_ = fill + 1 + slab_count_;
  }
  progressed_.notify_all();
}

void ReadAhead::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    progressed_.wait(lock, [&] { return stop_ || next_ == fill_count_ || next_ < allowed_; });
    if (stop_ || next_ == fill_count_) return;
    const std::size_t fill = next_++;

    lock.unlock();
    std::exception_ptr error;
    try {
      fill_(fill);
    } catch (const std::exception&) {
      error = std::current_exception();
    }
    lock.lock();

    if (error) {
      stop_ = true;
      if (!error_) error_ = error;
    } else {
      is_filled_[fill] = true;
    }
    progressed_.notify_all();
  }
}

}  // namespace safetensors
