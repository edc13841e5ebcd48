// The streams of the fake accelerator: queues of work, each with a thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <random>

namespace fake {

// When a stream runs its work. A real device may do any of these.
enum class Pace {
  random,  // after short random delays
  late,    // not before a thread waits for it
  prompt,  // before the call that queues it returns
};

// Work is numbered in the order of the queue; wait() waits for a number.
class Stream {
 public:
  explicit Stream(unsigned seed);

  void set_pace(Pace pace);
  void push(std::function<void()> work);

  // The point after everything queued so far.
  std::uint64_t tail() const;
  // Waits until the stream has passed the point; work of other streams may wait too.
  void wait(std::uint64_t point);
  bool has_passed(std::uint64_t point);
  // The number of operations that are not done.
  std::uint64_t pending() const;

 private:
  void run();
  void delay();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::uint64_t queued_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t wanted_ = 0;  // the last point that a thread waits for
  Pace pace_ = Pace::random;
  std::mt19937 random_;  // used by the thread only
};

// A stream of a device; number 0 is the default stream, the others are the pool.
inline constexpr int device_count = 2;
inline constexpr int stream_count = 5;
Stream& stream(int device, std::int64_t number);

}  // namespace fake
