// Dtypes of the C ABI: numbers, names and sizes.
#include "format/dtype.h"

#include <safetensors/safetensors.h>

#include "guard.h"

static_assert(ST_DTYPE_BOOL == static_cast<int>(st::Dtype::boolean));
static_assert(ST_DTYPE_F4 == static_cast<int>(st::Dtype::f4));
static_assert(ST_DTYPE_F6_E2M3 == static_cast<int>(st::Dtype::f6_e2m3));
static_assert(ST_DTYPE_F6_E3M2 == static_cast<int>(st::Dtype::f6_e3m2));
static_assert(ST_DTYPE_U8 == static_cast<int>(st::Dtype::u8));
static_assert(ST_DTYPE_I8 == static_cast<int>(st::Dtype::i8));
static_assert(ST_DTYPE_F8_E5M2 == static_cast<int>(st::Dtype::f8_e5m2));
static_assert(ST_DTYPE_F8_E4M3 == static_cast<int>(st::Dtype::f8_e4m3));
static_assert(ST_DTYPE_F8_E8M0 == static_cast<int>(st::Dtype::f8_e8m0));
static_assert(ST_DTYPE_F8_E4M3FNUZ == static_cast<int>(st::Dtype::f8_e4m3fnuz));
static_assert(ST_DTYPE_F8_E5M2FNUZ == static_cast<int>(st::Dtype::f8_e5m2fnuz));
static_assert(ST_DTYPE_I16 == static_cast<int>(st::Dtype::i16));
static_assert(ST_DTYPE_U16 == static_cast<int>(st::Dtype::u16));
static_assert(ST_DTYPE_F16 == static_cast<int>(st::Dtype::f16));
static_assert(ST_DTYPE_BF16 == static_cast<int>(st::Dtype::bf16));
static_assert(ST_DTYPE_I32 == static_cast<int>(st::Dtype::i32));
static_assert(ST_DTYPE_U32 == static_cast<int>(st::Dtype::u32));
static_assert(ST_DTYPE_F32 == static_cast<int>(st::Dtype::f32));
static_assert(ST_DTYPE_C64 == static_cast<int>(st::Dtype::c64));
static_assert(ST_DTYPE_F64 == static_cast<int>(st::Dtype::f64));
static_assert(ST_DTYPE_I64 == static_cast<int>(st::Dtype::i64));
static_assert(ST_DTYPE_U64 == static_cast<int>(st::Dtype::u64));

const char* st_dtype_name(uint32_t dtype) {
  const auto known = st::dtype_from_number(dtype);
  return known ? st::dtype_name(*known).data() : nullptr;
}

uint32_t st_dtype_bits(uint32_t dtype) {
  const auto known = st::dtype_from_number(dtype);
  return known ? st::dtype_bits(*known) : 0;
}

st_status st_dtype_from_name(const char* name, uint64_t name_len, uint32_t* dtype,
                             st_error* error) {
  const auto clear = [&] {
    capi::require(dtype != nullptr, "dtype is NULL");
    *dtype = 0;
  };
  return capi::guard(error, clear, [&]() -> st_status {
    const std::string_view text = capi::text_of(name, name_len, "name");
    const auto known = st::dtype_from_name(text);
    if (known) {
      *dtype = static_cast<uint32_t>(*known);
      return ST_OK;
    }
    if (!error) return ST_E_DTYPE;
    return capi::report(
        error, st::Error(st::Code::dtype, st::Message() << "unknown dtype " << st::Quoted{text}));
  });
}
