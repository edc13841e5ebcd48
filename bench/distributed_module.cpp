// What bench/distributed.py measures of this library, for ctypes: a load by one rank of a group
// that Python made.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <safetensors/torch.hpp>
#include <string>
#include <system_error>
#include <thread>
#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>

namespace {

using Clock = std::chrono::steady_clock;

// A store that gives all processes together `rate` bytes a second: the file at `clock` has the time
// until which it is busy, in nanoseconds.
class ThrottledStore {
 public:
  ThrottledStore(const std::string& path, const std::string& clock, double rate)
      : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)), rate_(rate) {
    const int shared = open(clock.c_str(), O_RDWR | O_CLOEXEC);
    struct stat status {};
    if (file_ < 0 || shared < 0 || fstat(file_, &status) != 0)
      throw std::system_error(errno, std::generic_category(), path);
    nbytes_ = static_cast<std::uint64_t>(status.st_size);
    void* mapped = mmap(nullptr, 8, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
    close(shared);
    if (mapped == MAP_FAILED) throw std::system_error(errno, std::generic_category(), clock);
    busy_until_ = static_cast<std::atomic<std::int64_t>*>(mapped);
  }

  std::uint64_t nbytes() const { return nbytes_; }

  void read(std::uint64_t offset, safetensors::MutableBytes buffer) const {
    const auto now = Clock::now().time_since_epoch().count();
    const auto duration =
        static_cast<std::int64_t>(static_cast<double>(buffer.size()) / rate_ * 1e9);
    std::int64_t busy = busy_until_->load();
    while (!busy_until_->compare_exchange_weak(busy, std::max(busy, now) + duration)) {
    }
    for (std::size_t done = 0; done < buffer.size();) {
      const ssize_t count = pread(file_, buffer.data() + done, buffer.size() - done,
                                  static_cast<off_t>(offset + done));
      if (count <= 0) throw std::system_error(errno, std::generic_category(), "pread");
      done += static_cast<std::size_t>(count);
    }
    std::this_thread::sleep_until(
        Clock::time_point(Clock::duration(std::max(busy, now) + duration)));
  }

 private:
  int file_;
  double rate_;
  std::uint64_t nbytes_ = 0;
  std::atomic<std::int64_t>* busy_until_ = nullptr;
};

safetensors::File throttled_file(const std::string& path, const std::string& clock, double rate) {
  auto store = std::make_shared<ThrottledStore>(path, clock, rate);
  return safetensors::File::from_io(
      store->nbytes(), [store](std::uint64_t offset, safetensors::MutableBytes buffer) {
        store->read(offset, buffer);
      });
}

// The sum of the bytes of all tensors, eight at a time.
std::int64_t touch(const safetensors::TensorDict& tensors) {
  std::int64_t sum = 0;
  for (const auto& [name, tensor] : tensors)
    if (tensor.nbytes() % 8 == 0 && tensor.nbytes() != 0)
      sum += tensor.reshape({-1}).view(at::kLong).sum().item<std::int64_t>();
  return sum;
}

}  // namespace

// Loads the shard of dimension `dim`, or all of it if that is negative, with a read mode and a
// backend, from a store of `rate` bytes a second (0: the file itself), and touches it if asked.
// Returns the number of bytes that were loaded, 0 for an error, and in `result` "seconds bytes_read
// bytes_received", or the error.
extern "C" __attribute__((visibility("default"))) std::uint64_t load_shard(
    const char* group_name, const char* path, int dim, int mode, int backend, const char* clock,
    double rate, int touches, char* result, std::size_t result_size) {
  try {
    const auto group = c10d::resolve_process_group(group_name);
    const auto begin = Clock::now();
    safetensors::Plan plan;
    if (dim >= 0)
      plan.place("*", {{group->getSize()}, {group->getRank()}},
                 {safetensors::Placement::shard(dim)});
    safetensors::DistributedStatistics statistics;
    safetensors::LoadDistributedOptions options;
    options.mode = static_cast<safetensors::ReadMode>(mode);
    options.backend = static_cast<safetensors::Backend>(backend);
    options.statistics = &statistics;
    const auto tensors = rate == 0 ? safetensors::load_distributed(path, plan, group, options)
                                   : safetensors::load_distributed(
                                         throttled_file(path, clock, rate), plan, group, options);
    if (touches) touch(tensors);
    const std::chrono::duration<double> elapsed = Clock::now() - begin;
    std::snprintf(result, result_size, "%.6f %llu %llu", elapsed.count(),
                  static_cast<unsigned long long>(statistics.bytes_read),
                  static_cast<unsigned long long>(statistics.bytes_received));
    std::uint64_t nbytes = 0;
    for (const auto& [name, tensor] : tensors)
      nbytes += tensor.nbytes();
    return nbytes;
  } catch (const std::exception& error) {
    std::snprintf(result, result_size, "%s", error.what());
    return 0;
  }
}
