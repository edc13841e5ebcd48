#include "io/read_slice.h"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "code_of.hpp"
#include "io/platform.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

using Extents = std::vector<std::uint64_t>;
using Values = std::vector<std::uint16_t>;

constexpr std::uint64_t tensor_offset = 3;

TensorEntry entry(Dtype dtype, const Extents& shape) {
  std::uint64_t count = dtype_bits(dtype);
  for (const std::uint64_t extent : shape)
    count *= extent;
  return {"t", shape, dtype, 0, count / 8};
}

// Element by element.
Values expected_slice(const Values& values, const Extents& shape, const Extents& starts,
                      const Extents& stops) {
  Values taken;
  for (std::size_t flat = 0; flat < values.size(); ++flat) {
    std::size_t rest = flat;
    bool inside = true;
    for (std::size_t d = shape.size(); d-- > 0;) {
      const std::uint64_t i = rest % shape[d];
      rest /= shape[d];
      inside &= starts[d] <= i && i < stops[d];
    }
    if (inside) taken.push_back(values[flat]);
  }
  return taken;
}

// Bytes that count how many of them are read.
struct CountedReads {
  std::string bytes;
  std::uint64_t read = 0;
  std::uint64_t calls = 0;

  std::shared_ptr<const Source> open() {
    return open_callbacks({bytes.size(), this, read_at, nullptr}, Access::read_only);
  }

  static std::int32_t read_at(void* user_data, std::uint64_t offset, void* buffer,
                              std::uint64_t count) {
    auto* reads = static_cast<CountedReads*>(user_data);
    reads->read += count;
    ++reads->calls;
    std::memcpy(buffer, reads->bytes.data() + offset, static_cast<std::size_t>(count));
    return 0;
  }
};

// Every kind of source of the same bytes. What a caller wrote to a writable mapping is not read.
std::vector<std::shared_ptr<const Source>> open_all(const std::string& path, CountedReads* reads) {
  const auto dirty = open_path(path.c_str(), Backend::mmap, Access::writable);
  const Bytes mapped = dirty->get(0, dirty->size());
  std::memset(mapped.writable, 0xEE, static_cast<std::size_t>(mapped.size));
  return {
      open_path(path.c_str(), Backend::mmap, Access::read_only),
      open_path(path.c_str(), Backend::pread, Access::read_only),
      dirty,
      borrow_memory(reads->bytes.data(), reads->bytes.size(), nullptr, Access::read_only),
      reads->open(),
  };
}

}  // namespace

TEST_CASE("any slice of any shape has the elements of its definition") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "file";
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    // Rows of 60,000 elements are longer than a window's gaps, and longer than what is copied from
    // a mapping.
    const bool has_long_rows = round % 20 == 0;
    Extents shape(has_long_rows ? 2 : random() % 5), starts, stops;
    std::uint64_t count = 1;
    for (auto& extent : shape) {
      const bool is_row = has_long_rows && &extent == &shape.back();
      extent = is_row ? 60'000 : 1 + random() % 7;
      count *= extent;
      const std::uint64_t a = random() % (extent + 1), b = random() % (extent + 1);
      starts.push_back(std::min(a, b));
      stops.push_back(std::max(a, b));
    }
    Values values(count);
    for (auto& value : values)
      value = static_cast<std::uint16_t>(random());
    CountedReads reads{std::string(tensor_offset, '?')};
    reads.bytes.append(reinterpret_cast<const char*>(values.data()), count * 2);
    write_file(path, reads.bytes);

    const Values expected = expected_slice(values, shape, starts, stops);
    const SlicePlan plan = plan_slice(entry(Dtype::u16, shape), starts, stops);
    REQUIRE(plan.nbytes == expected.size() * 2);
    for (const auto& source : open_all(path, &reads)) {
      CAPTURE(shape, starts, stops, source->name(), source->is_mapped());
      Values taken(expected.size() + 1, 0xEEEE);
      read_slice(*source, tensor_offset, plan, taken.data());
      REQUIRE(taken.back() == 0xEEEE);
      taken.pop_back();
      REQUIRE(taken == expected);
    }
  }
}

TEST_CASE("a slice of a truncated file is reported before pages beyond the end are accessed") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "file";
  for (const Backend backend : {Backend::mmap, Backend::pread}) {
    write_file(path, std::string(100 * 4096, 'x'));
    const auto source = open_path(path.c_str(), backend, Access::read_only);
    REQUIRE(::truncate(path.c_str(), 50 * 4096) == 0);
    const Extents shape = {100, 4096};
    const TensorEntry tensor = entry(Dtype::u8, shape);
    const auto read_rows = [&](std::uint64_t rows) {
      std::string taken(rows * 2, '\0');
      const Extents starts = {0, 4094}, stops = {rows, 4096};
      read_slice(*source, 0, plan_slice(tensor, starts, stops), taken.data());
      return taken;
    };
    CHECK(read_rows(50) == std::string(100, 'x'));
    CHECK(code_of<Error>([&] { read_rows(51); }) == Code::truncated);
    CHECK(code_of<Error>([&] { read_rows(100); }) == Code::truncated);
  }
}

TEST_CASE("gaps are read together with the runs only if they are short") {
  // 50 rows: gaps of 100,000 bytes are left out, gaps of 100 are not worth a call for each row.
  CountedReads reads{std::string(5'000'000, 'x')};
  const auto source = reads.open();
  const Extents wide = {50, 100'000}, narrow = {50, 116}, starts = {0, 10}, stops = {50, 26};
  std::string taken(50 * 16, '\0');

  read_slice(*source, 0, plan_slice(entry(Dtype::u8, wide), starts, stops), taken.data());
  CHECK(reads.read == taken.size());
  CHECK(reads.calls == 50);

  reads.read = reads.calls = 0;
  read_slice(*source, 0, plan_slice(entry(Dtype::u8, narrow), starts, stops), taken.data());
  CHECK(reads.read == 49 * 116 + 16);
  CHECK(reads.calls == 1);
}
