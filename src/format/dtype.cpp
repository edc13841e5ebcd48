#include "format/dtype.h"

#include <array>
#include <cstddef>

namespace st {
namespace {

struct Row {
  std::string_view name;
  std::uint32_t bits;
  std::uint32_t rank;
};

// In the order of the numbers. To add a dtype, append its row and raise the ranks of those that the
// format orders after it.
constexpr std::array<Row, 22> table{{
    {"BOOL", 8, 0},    {"F4", 4, 1},          {"F6_E2M3", 6, 2},      {"F6_E3M2", 6, 3},
    {"U8", 8, 4},      {"I8", 8, 5},          {"F8_E5M2", 8, 6},      {"F8_E4M3", 8, 7},
    {"F8_E8M0", 8, 8}, {"F8_E4M3FNUZ", 8, 9}, {"F8_E5M2FNUZ", 8, 10}, {"I16", 16, 11},
    {"U16", 16, 12},   {"F16", 16, 13},       {"BF16", 16, 14},       {"I32", 32, 15},
    {"U32", 32, 16},   {"F32", 32, 17},       {"C64", 64, 18},        {"F64", 64, 19},
    {"I64", 64, 20},   {"U64", 64, 21},
}};
static_assert(table.size() == static_cast<std::size_t>(Dtype::u64));

const Row& row(Dtype dtype) noexcept {
  return table[static_cast<std::size_t>(dtype) - 1];
}

}  // namespace

std::optional<Dtype> dtype_from_number(std::uint32_t number) noexcept {
  if (number == 0 || number > table.size()) return std::nullopt;
  return static_cast<Dtype>(number);
}

std::optional<Dtype> dtype_from_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].name == name) return static_cast<Dtype>(i + 1);
  }
  return std::nullopt;
}

std::string_view dtype_name(Dtype dtype) noexcept {
  return row(dtype).name;
}

std::uint32_t dtype_bits(Dtype dtype) noexcept {
  return row(dtype).bits;
}

std::uint32_t dtype_alignment(Dtype dtype) noexcept {
  if (dtype == Dtype::c64) return 4;
  return std::max(dtype_bits(dtype) / 8, 1U);
}

std::uint32_t dtype_rank(Dtype dtype) noexcept {
  return row(dtype).rank;
}

}  // namespace st
