#include "io/platform.h"

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <cstring>
#include <string>

#include "error.h"

using namespace st;

TEST_CASE("memory of any size is aligned and can be written from end to end") {
  for (const std::uint64_t size : {0u, 1u, 4096u, 4'194'303u, 4'194'304u, 9'000'001u}) {
    const Bytes bytes = allocate_bytes(size);
    CAPTURE(size);
    REQUIRE(bytes.data != nullptr);
    CHECK(bytes.writable == bytes.data);
    CHECK(bytes.size == size);
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data) % 64 == 0);
    std::memset(bytes.writable, 0x5A, static_cast<std::size_t>(size));
  }
}

TEST_CASE("a size beyond the address space is rejected with the size in the message") {
  for (const std::uint64_t size :
       {UINT64_MAX, std::uint64_t{1} << 62, (std::uint64_t{1} << 46) + 1}) {
    try {
      allocate_bytes(size);
      FAIL("nothing was thrown");
    } catch (const Error& error) {
      CHECK(error.code() == Code::no_memory);
      CHECK(error.what() == "not enough memory for " + std::to_string(size) + " bytes");
    }
  }
}

TEST_CASE("a large vector grows like any other") {
  LargeVector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < 1'500'000; ++i)
    numbers.push_back(i);
  CHECK(reinterpret_cast<std::uintptr_t>(numbers.data()) % 64 == 0);
  bool same = true;
  for (std::uint64_t i = 0; i < numbers.size(); ++i)
    same &= numbers[i] == i;
  CHECK(same);
  CHECK_THROWS(LargeVector<std::uint64_t>(std::size_t{1} << 60));
}
