#include "tensor/byte_view.h"

#include <c10/core/TensorImpl.h>
#include <c10/core/TensorOptions.h>

#include <utility>

namespace safetensors {

at::Tensor byte_view(const c10::Storage& storage, std::uint64_t offset, std::uint64_t nbytes) {
  // A new set of keys: LibTorch rejects writes to a view of an inference tensor.
  const c10::DispatchKeySet keys(
      c10::computeDispatchKey(c10::kByte, c10::kStrided, storage.device()));
  auto bytes = c10::make_intrusive<c10::TensorImpl>(c10::Storage(storage), keys,
                                                    c10::scalarTypeToTypeMeta(c10::kByte));
  bytes->set_storage_offset(static_cast<std::int64_t>(offset));
  bytes->set_sizes_contiguous(static_cast<std::int64_t>(nbytes));
  return at::Tensor(std::move(bytes));
}

at::Tensor byte_view(const at::Tensor& tensor, std::uint64_t offset, std::uint64_t nbytes) {
  const auto first = static_cast<std::uint64_t>(tensor.storage_offset() * tensor.element_size());
  return byte_view(tensor.storage(), first + offset, nbytes);
}

c10::Storage borrowed_host_storage(void* data, std::uint64_t nbytes) {
  return c10::Storage(c10::Storage::use_byte_size_t(), static_cast<std::size_t>(nbytes),
                      c10::DataPtr(data, c10::Device(c10::kCPU)));
}

}  // namespace safetensors
