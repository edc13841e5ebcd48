// ReadAhead when an allocation fails.
#include "device/read_ahead.h"

#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

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

constexpr std::size_t fills = 6;
constexpr std::size_t slab_count = 2;

}  // namespace

TEST_CASE("a failed allocation throws or does not affect the result") {
  bool was_thrown = false;
  bool was_read = false;
  for (int failing = 0; failing < 12; ++failing) {
    std::string slabs(slab_count, '\0');
    std::string read;
    successes = failing;
    try {
      safetensors::ReadAhead reads(fills, slab_count, 4, [&](std::size_t fill) {
        slabs[fill % slab_count] = static_cast<char>('a' + fill);
      });
      successes = -1;
      for (std::size_t fill = 0; fill < fills; ++fill) {
        reads.wait(fill);
        read += slabs[fill % slab_count];
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

TEST_CASE("wait throws what a fill threw") {
  for (const std::size_t readers : {std::size_t{0}, std::size_t{2}}) {
    safetensors::ReadAhead reads(fills, slab_count, readers, [](std::size_t fill) {
      if (fill == 1) throw std::out_of_range("fill 1");
    });
    CHECK_THROWS_AS((reads.wait(0), reads.release(0), reads.wait(1)), std::out_of_range);
  }
}
