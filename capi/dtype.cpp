#include "format/dtype.h"

#include <safetensors/safetensors.h>

#include "guard.h"

static_assert(ST_DTYPE_BOOL == static_cast<std::uint32_t>(st::Dtype::boolean));
static_assert(ST_DTYPE_F4 == static_cast<std::uint32_t>(st::Dtype::f4));
static_assert(ST_DTYPE_U8 == static_cast<std::uint32_t>(st::Dtype::u8));
static_assert(ST_DTYPE_F8_E5M2FNUZ == static_cast<std::uint32_t>(st::Dtype::f8_e5m2fnuz));
static_assert(ST_DTYPE_BF16 == static_cast<std::uint32_t>(st::Dtype::bf16));
static_assert(ST_DTYPE_C64 == static_cast<std::uint32_t>(st::Dtype::c64));
static_assert(ST_DTYPE_U64 == static_cast<std::uint32_t>(st::Dtype::u64));

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
  return capi::guard(error, clear, [&] {
    capi::require(name != nullptr || name_len == 0, "name is NULL");
    const std::string_view text(name, static_cast<std::size_t>(name_len));
    const auto known = st::dtype_from_name(text);
    if (!known) {
      throw st::Error(st::Code::dtype, st::Message() << "no dtype is called " << st::Quoted{text});
    }
    *dtype = static_cast<uint32_t>(*known);
  });
}
