// Overlap of reads and copies, tested without a clock: operations that must overlap wait for one
// another, and schedules are measured in steps.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "fake_device.h"
#include "fresh_pipeline.h"
#include "sample_file.h"
#include "test_device.h"

namespace {

// Counters that threads wait for. A wait ends after a timeout, which only a failed test reaches.
class Counts {
 public:
  void count(const char* event) {
    const std::lock_guard lock(mutex_);
    ++counts_[event];
    changed_.notify_all();
  }
  void await(const char* event, int count) {
    std::unique_lock lock(mutex_);
    in_vain_ |= !changed_.wait_for(lock, std::chrono::seconds(20),
                                   [&] { return in_vain_ || counts_[event] >= count; });
  }
  bool in_vain() {
    const std::lock_guard lock(mutex_);
    return in_vain_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> counts_;
  bool in_vain_ = false;
};

constexpr std::uint64_t slab = 4096;

}  // namespace

TEST_CASE("reads run ahead of the copies by the size of the ring", "[fake][overlap]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  test::SampleFile file(test::random_bytes({20 * slab}, 1));
  Counts counts;
  file.set_read_hook([&](std::uint64_t, void*, std::uint64_t) {
    counts.count("read");
    return 0;
  });
  // No copy ends before the reads of all four slabs have begun.
  fake::set_copy_hook([&](const void*, std::size_t) { counts.await("read", 4); });
  const auto loaded = file.load(test::device(), {slab, 4, 3});
  fake::synchronize();
  CHECK(!counts.in_vain());
  CHECK(test::are_equal(loaded, file.tensors()));
}

TEST_CASE("copies run during a read", "[fake][overlap]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  test::SampleFile file(test::random_bytes({20 * slab}, 2));
  Counts counts;
  int reads = 0;
  // One reader: read n ends only after copy n - 1.
  file.set_read_hook([&](std::uint64_t, void*, std::uint64_t) {
    counts.await("copy", reads++);
    return 0;
  });
  fake::set_copy_hook([&](const void*, std::size_t) { counts.count("copy"); });
  const auto loaded = file.load(test::device(), {slab, 4, 1});
  fake::synchronize();
  CHECK(!counts.in_vain());
  CHECK(test::are_equal(loaded, file.tensors()));
}

TEST_CASE("several reads run concurrently", "[fake][overlap]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  test::SampleFile file(test::random_bytes({20 * slab}, 3));
  Counts counts;
  // The first three reads wait for one another.
  file.set_read_hook([&](std::uint64_t, void*, std::uint64_t) {
    counts.count("read");
    counts.await("read", 3);
    return 0;
  });
  const auto loaded = file.load(test::device(), {slab, 4, 3});
  CHECK(!counts.in_vain());
  CHECK(test::are_equal(loaded, file.tensors()));
}

namespace {

// The time of a load if a read takes `read` ticks and a copy takes `copy`. A read begins when its
// thread is idle and the last copy from its slab is done; a copy begins when its stream is idle and
// the read into its slab is done.
std::uint64_t ticks(std::uint64_t read, std::uint64_t copy, std::size_t slabs) {
  const test::FreshPipeline fresh;
  test::SampleFile file(test::random_bytes({32 * slab}, 4));
  std::mutex mutex;
  std::map<std::thread::id, std::uint64_t> reader_free;
  std::map<const void*, std::uint64_t> slab_free, slab_full;
  std::uint64_t stream_free = 0;
  file.set_read_hook([&](std::uint64_t, void* buffer, std::uint64_t) {
    const std::lock_guard lock(mutex);
    std::uint64_t& reader = reader_free[std::this_thread::get_id()];
    reader = slab_full[buffer] = std::max(reader, slab_free[buffer]) + read;
    return 0;
  });
  fake::set_copy_hook([&](const void* host, std::size_t) {
    const std::lock_guard lock(mutex);
    stream_free = slab_free[host] = std::max(stream_free, slab_full[host]) + copy;
  });
  file.load(test::device(), {slab, slabs, 1});
  fake::synchronize();
  return stream_free;
}

}  // namespace

TEST_CASE("a load takes as long as the slower of its reads and copies", "[fake][overlap]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  // 32 reads and copies, plus the first read or the last copy.
  CHECK(ticks(10, 10, 4) == 32 * 10 + 10);
  CHECK(ticks(10, 3, 4) == 32 * 10 + 3);
  CHECK(ticks(3, 10, 4) == 32 * 10 + 3);
  // Without a ring it would be the sum.
  CHECK(ticks(10, 10, 1) == 32 * 20);
}
