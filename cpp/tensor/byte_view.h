// Views of the bytes of a storage.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Storage.h>

#include <cstdint>

namespace safetensors {

// A one-dimensional uint8 view of `nbytes` bytes of the storage from `offset`. Unlike Tensor::view
// it works with any dtype and shape, and avoids the dispatcher.
at::Tensor byte_view(const c10::Storage& storage, std::uint64_t offset, std::uint64_t nbytes);

// The same for a dense tensor, with `offset` from its first element.
at::Tensor byte_view(const at::Tensor& tensor, std::uint64_t offset, std::uint64_t nbytes);

// A storage over host memory that the caller owns.
c10::Storage borrowed_host_storage(void* data, std::uint64_t nbytes);

}  // namespace safetensors
