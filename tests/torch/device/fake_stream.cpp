#include "fake_stream.h"

#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace fake {

namespace {
constexpr unsigned longest_delay = 40;  // microseconds
}

// Streams are never destroyed, so their threads can be detached.
Stream::Stream(unsigned seed) : random_(seed) {
  std::thread(&Stream::run, this).detach();
}

void Stream::set_pace(Pace pace) {
  const std::lock_guard lock(mutex_);
  pace_ = pace;
  changed_.notify_all();
}

void Stream::push(std::function<void()> work) {
  std::uint64_t point = 0;
  bool is_prompt = false;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
    point = ++queued_;
    is_prompt = pace_ == Pace::prompt;
    changed_.notify_all();
  }
  if (is_prompt) wait(point);
}

std::uint64_t Stream::tail() const {
  const std::lock_guard lock(mutex_);
  return queued_;
}

void Stream::wait(std::uint64_t point) {
  std::unique_lock lock(mutex_);
  wanted_ = std::max(wanted_, point);
  changed_.notify_all();
  changed_.wait(lock, [&] { return done_ >= point; });
}

bool Stream::has_passed(std::uint64_t point) {
  const std::lock_guard lock(mutex_);
  // A caller that polls makes progress.
  wanted_ = std::max(wanted_, point);
  changed_.notify_all();
  return done_ >= point;
}

std::uint64_t Stream::pending() const {
  const std::lock_guard lock(mutex_);
  return queued_ - done_;
}

void Stream::run() {
  prctl(PR_SET_TIMERSLACK, 1);  // the kernel's 50 us would hide the shorter delays
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock,
                  [&] { return !queue_.empty() && (pace_ != Pace::late || done_ < wanted_); });
    std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    const bool is_random = pace_ == Pace::random;
    lock.unlock();
    if (is_random) delay();
    work();
    work = nullptr;
    lock.lock();
    ++done_;
    changed_.notify_all();
  }
}

void Stream::delay() {
  const auto length = random_() % (2 * longest_delay);
  if (length < longest_delay) std::this_thread::sleep_for(std::chrono::microseconds(length));
}

Stream& stream(int device, std::int64_t number) {
  static const auto* const streams = [] {
    auto* made = new std::vector<std::unique_ptr<Stream>>;
    for (unsigned i = 0; i < device_count * stream_count; ++i)
      made->push_back(std::make_unique<Stream>(i + 1));
    return made;
  }();
  return *(*streams)[static_cast<std::size_t>(device * stream_count + number)];
}

}  // namespace fake
