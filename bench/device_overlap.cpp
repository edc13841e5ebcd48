// Measures whether a load to a device overlaps its reads with its copies.
//
// Each read and each copy of 1 MiB can be delayed by 2 ms. The benchmark times a load with delayed
// reads, one with delayed copies and one with both: if reads and copies overlap, the last takes
// little more than the longer of the first two, otherwise their sum.
// Usage: device_overlap [MEGABYTES] [ROUNDS]
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
constexpr std::chrono::milliseconds delay_per_slab{2};

void delay() {
  std::this_thread::sleep_for(delay_per_slab);
}

// Median time of a load in milliseconds. One thread reads: several would overlap their delays.
double median_load_time(test::SampleFile& file, bool delay_reads, bool delay_copies, int rounds) {
  file.set_read_hook([=](std::uint64_t, void*, std::uint64_t) {
    if (delay_reads) delay();
    return 0;
  });
  fake::set_copy_hook([=](const void*, std::size_t) {
    if (delay_copies) delay();
  });
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    auto reads = file.reads(test::device());
    fake::synchronize();  // wait until the fake device has filled the new tensors
    safetensors::ProgressCounter progress({}, file.nbytes());
    const auto start = std::chrono::steady_clock::now();
    safetensors::load_to_device(file.file(), std::move(reads), test::device(), progress,
                                {slab, 8, 1});
    fake::synchronize();
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    times.push_back(elapsed.count());
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

  const double reading = median_load_time(file, true, false, rounds);
  const double copying = median_load_time(file, false, true, rounds);
  const double both = median_load_time(file, true, true, rounds);
  std::printf("%lld slabs of 1 MiB, %d rounds, medians in milliseconds\n",
              static_cast<long long>(nbytes / slab), rounds);
  std::printf("  slow reads         %8.1f\n", reading);
  std::printf("  slow copies        %8.1f\n", copying);
  std::printf("  slow both          %8.1f   %.2f of the larger, %.2f of the sum\n", both,
              both / std::max(reading, copying), both / (reading + copying));
}
