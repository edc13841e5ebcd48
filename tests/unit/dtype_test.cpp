#include "format/dtype.h"

#include <catch2/catch_test_macros.hpp>
#include <string_view>

using namespace st;

namespace {

struct Row {
  std::uint32_t number;
  std::string_view name;
  std::uint32_t bits;
};

constexpr Row rows[] = {
    {1, "BOOL", 8},    {2, "F4", 4},           {3, "F6_E2M3", 6},      {4, "F6_E3M2", 6},
    {5, "U8", 8},      {6, "I8", 8},           {7, "F8_E5M2", 8},      {8, "F8_E4M3", 8},
    {9, "F8_E8M0", 8}, {10, "F8_E4M3FNUZ", 8}, {11, "F8_E5M2FNUZ", 8}, {12, "I16", 16},
    {13, "U16", 16},   {14, "F16", 16},        {15, "BF16", 16},       {16, "I32", 32},
    {17, "U32", 32},   {18, "F32", 32},        {19, "C64", 64},        {20, "F64", 64},
    {21, "I64", 64},   {22, "U64", 64},
};

}  // namespace

TEST_CASE("every dtype has its number, name, size and alignment") {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto dtype = dtype_from_name(row.name);
    REQUIRE(dtype);
    CHECK(static_cast<std::uint32_t>(*dtype) == row.number);
    CHECK(dtype_from_number(row.number) == dtype);
    CHECK(dtype_name(*dtype) == row.name);
    CHECK(dtype_bits(*dtype) == row.bits);
    CHECK(dtype_alignment(*dtype) == (row.name == "C64" ? 4 : row.bits < 8 ? 1 : row.bits / 8));
  }
}

TEST_CASE("unknown numbers and names have no dtype") {
  for (const std::uint32_t number : {0u, 23u, 255u, UINT32_MAX})
    CHECK_FALSE(dtype_from_number(number));
  for (const std::string_view name :
       {"", "f32", "F32 ", " F32", "F3", "F320", "F8", "I4", "C128"}) {
    CHECK_FALSE(dtype_from_name(name));
  }
}
