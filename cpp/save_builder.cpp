#include "save_builder.h"

#include <c10/core/GradMode.h>
#include <c10/util/DimVector.h>

#include <cstdint>
#include <memory>

#include "device/device_reader.h"
#include "tensor/dtype_map.h"

namespace safetensors {

namespace {

// The bytes of a tensor on the CPU, in the form in which a Builder keeps a container.
struct HostBytes {
  at::Tensor tensor;
  const std::byte* data() const { return static_cast<const std::byte*>(tensor.const_data_ptr()); }
  std::size_t size() const { return tensor.nbytes(); }
};

using Shape = c10::SmallVector<std::uint64_t, c10::kDimVectorStaticSize>;

Shape file_shape(const at::Tensor& tensor) {
  Shape shape(tensor.sizes().begin(), tensor.sizes().end());
  if (is_packed_pair(tensor.scalar_type())) shape.back() *= 2;
  return shape;
}

void add_tensor(Builder& builder, const std::string& name, const at::Tensor& tensor) {
  const Dtype dtype = *dtype_of_scalar_type(tensor.scalar_type());
  const Shape shape = file_shape(tensor);
  const Span<const std::uint64_t> extents(shape.data(), shape.size());
  if (tensor.numel() == 0) {
    builder.add(name, dtype, extents, Bytes());
  } else if (tensor.is_cpu()) {
    builder.add(name, dtype, extents, HostBytes{tensor});
  } else {
    const auto reader = std::make_shared<DeviceReader>(tensor);
    builder.add(
        name, dtype, extents, tensor.nbytes(),
        [reader](std::uint64_t offset, MutableBytes buffer) { reader->read(offset, buffer); });
  }
}

}  // namespace

Builder save_builder(const StateDict& state, const Metadata& metadata) {
  const c10::NoGradGuard no_grad;
  Builder builder;
  for (const auto& [name, tensor] : state)
    add_tensor(builder, name, tensor.resolve_conj().resolve_neg());
  builder.add_metadata(metadata);
  return builder;
}

}  // namespace safetensors
