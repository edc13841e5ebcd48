#include "format/dtype.h"

#include <array>
#include <cstddef>

namespace st {
namespace {

struct Row {
  std::string_view name;
  std::uint32_t bits;
};

constexpr std::array<Row, 22> table{{
    {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64},        {"U64", 64},
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

}  // namespace st
