// Bytes of a storage as a tensor.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Storage.h>

#include <cstdint>

namespace safetensors {

// `nbytes` bytes of the storage from `offset` on, as a one-dimensional uint8 tensor that shares it.
// Unlike Tensor::view this takes any dtype and any dimensions, and costs no dispatch.
at::Tensor byte_view(const c10::Storage& storage, std::uint64_t offset, std::uint64_t nbytes);

// The same of a dense tensor's bytes, counted from its first element.
at::Tensor byte_view(const at::Tensor& tensor, std::uint64_t offset, std::uint64_t nbytes);

// Host memory that stays the caller's.
c10::Storage borrowed_host_storage(void* data, std::uint64_t nbytes);

}  // namespace safetensors
