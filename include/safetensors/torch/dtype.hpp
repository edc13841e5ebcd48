// The dtypes of the format as dtypes of LibTorch, and LibTorch's element types as dtypes.
#ifndef SAFETENSORS_TORCH_DTYPE_HPP
#define SAFETENSORS_TORCH_DTYPE_HPP

#include <c10/core/ScalarType.h>
#include <safetensors/torch/export.hpp>
#include <safetensors/wrapper/dtype.hpp>

#include <optional>

namespace safetensors {

// The dtype of LibTorch with the same bits; nullopt for F6, which LibTorch does not have. F4 is
// Float4_e2m1fn_x2, which packs two elements into one along the last dimension.
ST_TORCH_API std::optional<c10::ScalarType> scalar_type_of(Dtype dtype);

// The inverse of scalar_type_of; nullopt for types that the format does not have.
ST_TORCH_API std::optional<Dtype> dtype_of_scalar_type(c10::ScalarType type);

// File::read, Tensor::as and Builder::add accept LibTorch's element types.
template <>
struct dtype_of<c10::Half> : dtype_constant<Dtype::F16> {};
template <>
struct dtype_of<c10::BFloat16> : dtype_constant<Dtype::BF16> {};
template <>
struct dtype_of<c10::Float8_e4m3fn> : dtype_constant<Dtype::F8_E4M3> {};
template <>
struct dtype_of<c10::Float8_e4m3fnuz> : dtype_constant<Dtype::F8_E4M3FNUZ> {};
template <>
struct dtype_of<c10::Float8_e5m2> : dtype_constant<Dtype::F8_E5M2> {};
template <>
struct dtype_of<c10::Float8_e5m2fnuz> : dtype_constant<Dtype::F8_E5M2FNUZ> {};
template <>
struct dtype_of<c10::Float8_e8m0fnu> : dtype_constant<Dtype::F8_E8M0> {};
template <>
struct dtype_of<c10::complex<float>> : dtype_constant<Dtype::C64> {};

}  // namespace safetensors

#endif
