#include "dlpack_dtype.h"

#include <algorithm>
#include <iterator>

namespace capi {
namespace {

// DLDataTypeCode
enum : std::uint8_t {
  dl_int = 0,
  dl_uint = 1,
  dl_float = 2,
  dl_bfloat = 4,
  dl_complex = 5,
  dl_bool = 6,
  dl_float8_e4m3fn = 10,
  dl_float8_e4m3fnuz = 11,
  dl_float8_e5m2 = 12,
  dl_float8_e5m2fnuz = 13,
  dl_float8_e8m0fnu = 14,
  dl_float6_e2m3fn = 15,
  dl_float6_e3m2fn = 16,
  dl_float4_e2m1fn = 17,
};

struct Pair {
  st::Dtype dtype;
  std::uint8_t code;
};

constexpr Pair pairs[] = {
    {st::Dtype::boolean, dl_bool},
    {st::Dtype::f4, dl_float4_e2m1fn},
    {st::Dtype::f6_e2m3, dl_float6_e2m3fn},
    {st::Dtype::f6_e3m2, dl_float6_e3m2fn},
    {st::Dtype::u8, dl_uint},
    {st::Dtype::i8, dl_int},
    {st::Dtype::f8_e5m2, dl_float8_e5m2},
    {st::Dtype::f8_e4m3, dl_float8_e4m3fn},
    {st::Dtype::f8_e8m0, dl_float8_e8m0fnu},
    {st::Dtype::f8_e4m3fnuz, dl_float8_e4m3fnuz},
    {st::Dtype::f8_e5m2fnuz, dl_float8_e5m2fnuz},
    {st::Dtype::i16, dl_int},
    {st::Dtype::u16, dl_uint},
    {st::Dtype::f16, dl_float},
    {st::Dtype::bf16, dl_bfloat},
    {st::Dtype::i32, dl_int},
    {st::Dtype::u32, dl_uint},
    {st::Dtype::f32, dl_float},
    {st::Dtype::c64, dl_complex},
    {st::Dtype::f64, dl_float},
    {st::Dtype::i64, dl_int},
    {st::Dtype::u64, dl_uint},
};

}  // namespace

DLDataType dlpack_dtype(st::Dtype dtype) noexcept {
  const auto* const pair = std::ranges::find(pairs, dtype, &Pair::dtype);
  return {pair->code, static_cast<std::uint8_t>(st::dtype_bits(dtype)), 1};
}

std::optional<st::Dtype> dtype_of_dlpack(DLDataType type) noexcept {
  const auto* const pair = std::ranges::find_if(pairs, [&](const Pair& candidate) {
    return candidate.code == type.code && st::dtype_bits(candidate.dtype) == type.bits;
  });
  if (pair == std::end(pairs)) return std::nullopt;
  return pair->dtype;
}

}  // namespace capi
