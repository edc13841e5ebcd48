// Whether a load to a device reads and copies at the same time.
//
// The file takes 2 ms for each MiB that is read, the device of the tests 2 ms for each that is
// copied. A load whose copies cost nothing, one whose reads cost nothing and one with both are
// timed: the last takes little more than the larger of the first two if reads and copies overlap,
// and their sum if they do not. Usage: device_overlap [MEGABYTES] [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "fake_device.h"
#include "sample_file.h"
#include "test_device.h"

namespace {

constexpr std::int64_t slab = 1 << 20;
constexpr std::chrono::milliseconds for_each_slab{2};

void work() {
  std::this_thread::sleep_for(for_each_slab);
}

// The median of how many milliseconds a load takes. One thread reads, so that reading has its
// price.
double time_of_load(test::SampleFile& file, bool reading, bool copying, int rounds) {
  file.set_read_hook([=](std::uint64_t, void*, std::uint64_t) {
    if (reading) work();
    return 0;
  });
  fake::set_copy_hook([=](const void*, std::size_t) {
    if (copying) work();
  });
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    auto reads = file.reads(test::device());
    fake::synchronize();  // new tensors are filled with poison first
    safetensors::ProgressCounter progress({}, file.nbytes());
    const auto start = std::chrono::steady_clock::now();
    safetensors::load_to_device(file.handle(), std::move(reads), test::device(), progress,
                                {slab, 8, 1});
    fake::synchronize();
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - start;
    times.push_back(taken.count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t nbytes = (argc > 1 ? std::atoll(argv[1]) : 200) * 1'000'000 / slab * slab;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  const test::FreshDevice fresh;
  test::SampleFile file(test::random_bytes({nbytes}, 1));

  const double reading = time_of_load(file, true, false, rounds);
  const double copying = time_of_load(file, false, true, rounds);
  const double both = time_of_load(file, true, true, rounds);
  std::printf("%lld slabs of 1 MiB, %d rounds, medians in milliseconds\n",
              static_cast<long long>(nbytes / slab), rounds);
  std::printf("  slow reads         %8.1f\n", reading);
  std::printf("  slow copies        %8.1f\n", copying);
  std::printf("  slow both          %8.1f   %.2f of the larger, %.2f of the sum\n", both,
              both / std::max(reading, copying), both / (reading + copying));
}
