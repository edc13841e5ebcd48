// ReadAhead when an allocation fails.
#include "device/read_ahead.h"

#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <safetensors/safetensors.hpp>
#include <string>
#include <utility>
#include <vector>

#include "device/read_plan.h"

namespace {

// The number of allocations of this thread that succeed before one fails; negative: all succeed.
thread_local int successes = -1;

}  // namespace

void* operator new(std::size_t size) {
  if (successes >= 0 && successes-- == 0) throw std::bad_alloc();
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}

namespace {

constexpr std::uint64_t slab_bytes = 64;
constexpr std::size_t fills = 6;

// The tensor has slab_bytes * fills bytes.
std::string file_of_one_tensor(const std::string& data) {
  std::string header = R"({"x":{"dtype":"U8","shape":[384],"data_offsets":[0,384]}})";
  header.resize(64, ' ');
  return std::string({64, 0, 0, 0, 0, 0, 0, 0}) + header + data;
}

}  // namespace

TEST_CASE("a failed allocation throws or does not affect the result") {
  std::string data(slab_bytes * fills, '\0');
  for (std::size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<char>(i / slab_bytes + 'a');
  const auto bytes = file_of_one_tensor(data);
  const auto file = safetensors::File::from_memory(safetensors::Bytes(bytes));
  const std::vector<safetensors::FileRange> ranges = {{bytes.size() - data.size(), data.size()}};
  const safetensors::ReadPlan plan(ranges, slab_bytes);

  bool was_thrown = false;
  bool was_read = false;
  for (int failing = 0; failing < 12; ++failing) {
    std::vector<std::byte> memory(slab_bytes * 2);
    std::vector<std::byte*> slabs = {memory.data(), memory.data() + slab_bytes};
    std::string read;
    successes = failing;
    try {
      safetensors::ReadAhead reads(file, plan, std::move(slabs), 4);
      successes = -1;
      for (std::size_t fill = 0; fill < fills; ++fill) {
        reads.wait(fill);
        read += static_cast<char>(memory[fill % 2 * slab_bytes]);
        reads.release(fill);
      }
      was_read = true;
      CHECK(read == "abcdef");
    } catch (const std::bad_alloc&) {
      was_thrown = true;
    }
    successes = -1;
  }
  CHECK(was_thrown);
  CHECK(was_read);
}
