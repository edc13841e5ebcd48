// Dtype: the element types, and the C++ types that match them.
#ifndef SAFETENSORS_WRAPPER_DTYPE_HPP
#define SAFETENSORS_WRAPPER_DTYPE_HPP

#include <safetensors/wrapper/error.hpp>
#include <safetensors/wrapper/span.hpp>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#if defined(__STDCPP_FLOAT16_T__) || defined(__STDCPP_BFLOAT16_T__)
#include <stdfloat>
#endif

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

// The dtype of the C++ type T, as `value`. Programs specialize it for types of their own:
//
//     template <>
//     struct safetensors::dtype_of<Eigen::half> :
//     safetensors::dtype_constant<safetensors::Dtype::F16> {};
//
// A type without a dtype stands for the raw bits of any dtype of its size.
template <class T, class Enable = void>
struct dtype_of {};

template <Dtype dtype>
struct dtype_constant : std::integral_constant<Dtype, dtype> {};

template <>
struct dtype_of<bool> : dtype_constant<Dtype::BOOL> {};
template <>
struct dtype_of<float> : dtype_constant<Dtype::F32> {};
template <>
struct dtype_of<double> : dtype_constant<Dtype::F64> {};
template <>
struct dtype_of<std::complex<float>> : dtype_constant<Dtype::C64> {};
#ifdef __STDCPP_FLOAT16_T__
template <>
struct dtype_of<std::float16_t> : dtype_constant<Dtype::F16> {};
#endif
#ifdef __STDCPP_BFLOAT16_T__
template <>
struct dtype_of<std::bfloat16_t> : dtype_constant<Dtype::BF16> {};
#endif

namespace detail {

template <class T>
inline constexpr bool is_character_v = std::is_same_v<T, char> || std::is_same_v<T, wchar_t> ||
                                       std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>
#ifdef __cpp_char8_t
                                       || std::is_same_v<T, char8_t>
#endif
    ;

template <class T>
constexpr Dtype integer_dtype() noexcept {
  constexpr bool is_signed = std::is_signed_v<T>;
  switch (sizeof(T)) {
    case 1:
      return is_signed ? Dtype::I8 : Dtype::U8;
    case 2:
      return is_signed ? Dtype::I16 : Dtype::U16;
    case 4:
      return is_signed ? Dtype::I32 : Dtype::U32;
    default:
      return is_signed ? Dtype::I64 : Dtype::U64;
  }
}

}  // namespace detail

// Integers of 8 to 64 bits; not characters.
template <class T>
struct dtype_of<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool> &&
                                    !detail::is_character_v<T> && sizeof(T) <= 8>>
    : dtype_constant<detail::integer_dtype<T>()> {};

template <class T, class = void>
inline constexpr bool has_dtype_v = false;
template <class T>
inline constexpr bool has_dtype_v<T, std::void_t<decltype(dtype_of<T>::value)>> = true;

namespace detail {

// Whether the elements of a tensor can be stored from an array of T. Unsigned integers, bytes and
// characters, and types without a dtype, are raw bits of any dtype.
template <class T>
bool is_stored_as(Dtype dtype) noexcept {
  if constexpr (has_dtype_v<T> && !(std::is_integral_v<T> && std::is_unsigned_v<T>))
    return dtype == dtype_of<T>::value;
  return true;
}

// Whether T can represent the elements of a dtype. Unsigned integers, and types without a dtype,
// match every dtype of their size, as its raw bits (BF16 as std::uint16_t).
template <class T>
bool is_element_of(Dtype dtype) noexcept {
  static_assert(is_plain_v<T> && !std::is_const_v<T>,
                "T must be trivially copyable, and neither const nor a pointer");
  static_assert(!std::is_same_v<T, bool>, "a BOOL may be any byte: use std::uint8_t");
  return dtype_bits(dtype) == sizeof(T) * 8 && is_stored_as<T>(dtype);
}

template <class T>
void require_element_of(Dtype dtype) {
  if (!is_element_of<T>(dtype))
    throw Error(ST_E_INVALID_ARGUMENT,
                "the requested element type of " + std::to_string(sizeof(T)) +
                    " bytes does not match dtype " + std::string(dtype_name(dtype)));
}

// The dtype of a container's elements.
template <class Container>
constexpr Dtype dtype_of_elements() noexcept {
  using T = element_t<Container>;
  static_assert(has_dtype_v<T>, "specialize safetensors::dtype_of for the elements' type");
  return dtype_of<T>::value;
}

template <class T>
void require_stored_as([[maybe_unused]] Dtype dtype) {
  if constexpr (has_dtype_v<T>)
    if (dtype_bits(dtype) != 0 && !is_stored_as<T>(dtype))  // the C ABI rejects unknown values
      throw Error(ST_E_INVALID_ARGUMENT, "the elements have dtype " +
                                             std::string(dtype_name(dtype_of<T>::value)) +
                                             ", expected " + std::string(dtype_name(dtype)));
}

}  // namespace detail

}  // namespace safetensors

#endif
