#include "format/tensor_size.h"

#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "code_of.hpp"
#include "error.h"

using namespace st;

namespace {

std::uint64_t size(Dtype dtype, std::vector<std::uint64_t> shape) {
  return tensor_size("t", dtype, shape);
}

}  // namespace

TEST_CASE("a size is the product of the extents times the element") {
  CHECK(size(Dtype::f32, {2, 3}) == 24);
  CHECK(size(Dtype::f32, {}) == 4);
  CHECK(size(Dtype::c64, {7}) == 56);
  CHECK(size(Dtype::u8, {0, 5}) == 0);
  CHECK(size(Dtype::f4, {2, 3}) == 3);
  CHECK(size(Dtype::f6_e2m3, {4}) == 3);
}

TEST_CASE("a product that overflows does so in the order of the dimensions") {
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  CHECK(size(Dtype::f32, {0, half, 4}) == 0);
  CHECK(code_of<Error>([] { size(Dtype::f32, {half, 4, 0}); }) == Code::overflow);
  CHECK(code_of<Error>([] { size(Dtype::u8, {2, UINT64_MAX}); }) == Code::overflow);
}

TEST_CASE("bits overflow before bytes would") {
  CHECK(size(Dtype::u8, {(std::uint64_t{1} << 61) - 1}) == (std::uint64_t{1} << 61) - 1);
  CHECK(code_of<Error>([] { size(Dtype::u8, {std::uint64_t{1} << 61}); }) == Code::overflow);
}

TEST_CASE("a size that is not a whole number of bytes is rejected") {
  CHECK(code_of<Error>([] { size(Dtype::f4, {}); }) == Code::subbyte);
  CHECK(code_of<Error>([] { size(Dtype::f4, {3}); }) == Code::subbyte);
  CHECK(code_of<Error>([] { size(Dtype::f6_e3m2, {2}); }) == Code::subbyte);
}
