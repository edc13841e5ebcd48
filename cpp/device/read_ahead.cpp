#include "device/read_ahead.h"

#include <exception>
#include <utility>

namespace safetensors {

ReadAhead::ReadAhead(const File& file, const ReadPlan& plan, std::vector<std::byte*> slabs,
                     std::size_t readers)
    : file_(file),
      plan_(plan),
      slabs_(std::move(slabs)),
      allowed_(slabs_.size()),
      is_read_(plan.fill_count()) {
  threads_.reserve(readers);
  try {
    while (threads_.size() < readers)
      threads_.emplace_back(&ReadAhead::run, this);
  } catch (const std::exception&) {
    // The limit of threads or memory is reached. The threads that did start, or wait(), read.
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
  if (threads_.empty()) {
    if (const auto error = read(fill)) throw Error(*error);
    return;
  }
  std::unique_lock lock(mutex_);
  progressed_.wait(lock, [&] { return is_read_[fill] || error_; });
  if (error_) throw Error(*error_);
}

void ReadAhead::release(std::size_t fill) {
  {
    const std::lock_guard lock(mutex_);
    allowed_ = fill + 1 + slabs_.size();
  }
  progressed_.notify_all();
}

void ReadAhead::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    progressed_.wait(lock,
                     [&] { return stop_ || next_ == plan_.fill_count() || next_ < allowed_; });
    if (stop_ || next_ == plan_.fill_count()) return;
    const std::size_t fill = next_++;

    lock.unlock();
    const std::optional<st_error> error = read(fill);
    lock.lock();

    if (error) {
      stop_ = true;
      if (!error_) error_ = error;
    } else {
      is_read_[fill] = true;
    }
    progressed_.notify_all();
  }
}

std::optional<st_error> ReadAhead::read(std::size_t fill) const {
  std::byte* const slab = slabs_[fill % slabs_.size()];
  for (const SlabRead& piece : plan_.reads(fill)) {
    st_error error = ST_ERROR_INIT;
    if (st_read_at(file_.handle(), piece.file_offset, slab + piece.slab_offset, piece.nbytes,
                   &error) != ST_OK)
      return error;
  }
  return std::nullopt;
}

}  // namespace safetensors
