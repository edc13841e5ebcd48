// Dtype: the element types, and the C++ types that match them.
#ifndef SAFETENSORS_WRAPPER_DTYPE_HPP
#define SAFETENSORS_WRAPPER_DTYPE_HPP

#include <safetensors/wrapper/error.hpp>
#include <safetensors/wrapper/span.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace safetensors {

enum class Dtype : std::uint32_t {
  BOOL = ST_DTYPE_BOOL,
  F4 = ST_DTYPE_F4,
  F6_E2M3 = ST_DTYPE_F6_E2M3,
  F6_E3M2 = ST_DTYPE_F6_E3M2,
  U8 = ST_DTYPE_U8,
  I8 = ST_DTYPE_I8,
  F8_E5M2 = ST_DTYPE_F8_E5M2,
  F8_E4M3 = ST_DTYPE_F8_E4M3,
  F8_E8M0 = ST_DTYPE_F8_E8M0,
  F8_E4M3FNUZ = ST_DTYPE_F8_E4M3FNUZ,
  F8_E5M2FNUZ = ST_DTYPE_F8_E5M2FNUZ,
  I16 = ST_DTYPE_I16,
  U16 = ST_DTYPE_U16,
  F16 = ST_DTYPE_F16,
  BF16 = ST_DTYPE_BF16,
  I32 = ST_DTYPE_I32,
  U32 = ST_DTYPE_U32,
  F32 = ST_DTYPE_F32,
  C64 = ST_DTYPE_C64,  // complex, two F32
  F64 = ST_DTYPE_F64,
  I64 = ST_DTYPE_I64,
  U64 = ST_DTYPE_U64,
};

// Name of a dtype as in a header, "BF16"; empty for an unknown value.
inline std::string_view dtype_name(Dtype dtype) noexcept {
  const char* name = st_dtype_name(static_cast<std::uint32_t>(dtype));
  return name ? std::string_view(name) : std::string_view();
}

// Bits per element; 0 for an unknown value.
inline std::uint32_t dtype_bits(Dtype dtype) noexcept {
  return st_dtype_bits(static_cast<std::uint32_t>(dtype));
}

// The dtype with this name. Throws Error ST_E_DTYPE.
inline Dtype dtype_from_name(std::string_view name) {
  std::uint32_t dtype = 0;
  st_error error = ST_ERROR_INIT;
  detail::check(st_dtype_from_name(name.data(), name.size(), &dtype, &error), error);
  return static_cast<Dtype>(dtype);
}

namespace detail {

// Whether T can represent the elements of a dtype. Unsigned integers and class types match every
// dtype of their size, as its raw bits (BF16 as std::uint16_t or as a half type).
template <class T>
bool is_element_of(Dtype dtype) noexcept {
  static_assert(is_plain_v<T> && !std::is_const_v<T>,
                "T must be trivially copyable, and neither const nor a pointer");
  static_assert(!std::is_same_v<T, bool>, "a BOOL may be any byte: use std::uint8_t");
  if (dtype_bits(dtype) != sizeof(T) * 8) return false;
  if constexpr (std::is_floating_point_v<T>) return dtype == Dtype::F32 || dtype == Dtype::F64;
  if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
    return dtype == Dtype::I8 || dtype == Dtype::I16 || dtype == Dtype::I32 || dtype == Dtype::I64;
  return true;
}

template <class T>
void require_element_of(Dtype dtype) {
  if (!is_element_of<T>(dtype))
    throw Error(ST_E_INVALID_ARGUMENT,
                "the requested element type of " + std::to_string(sizeof(T)) +
                    " bytes does not match dtype " + std::string(dtype_name(dtype)));
}

}  // namespace detail

}  // namespace safetensors

#endif
