// Checks of tensors, and messages of calls, for the tests of the LibTorch layer.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <safetensors/torch.hpp>

#include <algorithm>
#include <catch2/catch_tostring.hpp>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

// LibTorch prints any vector, but not std::byte.
template <>
struct Catch::StringMaker<std::vector<std::byte>> {
  static std::string convert(const std::vector<std::byte>& bytes) {
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
};

// Whether dtype, shape and bytes are equal, also of NaNs and -0.
inline bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  if (a.scalar_type() != b.scalar_type() || a.sizes() != b.sizes()) return false;
  const at::Tensor dense_a = a.detach().contiguous();
  const at::Tensor dense_b = b.detach().contiguous();
  return a.numel() == 0 ||
         std::memcmp(dense_a.const_data_ptr(), dense_b.const_data_ptr(), dense_a.nbytes()) == 0;
}

// A tensor of 0, 1, 2, ... in that shape.
inline at::Tensor counting(at::IntArrayRef sizes, at::ScalarType dtype = at::kFloat) {
  std::int64_t count = 1;
  for (const auto extent : sizes)
    count *= extent;
  return at::arange(count).to(dtype).reshape(sizes);
}

// The message of the exception that a call throws; empty if it does not throw.
template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

template <class Dict>
std::vector<std::string> names_of(const Dict& dict) {
  std::vector<std::string> names;
  for (const auto& item : safetensors::NamedTensors(dict))
    names.push_back(item.name);
  return names;
}
