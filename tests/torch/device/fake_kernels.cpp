#include "fake_kernels.h"

#include <ATen/EmptyTensor.h>
#include <ATen/OpaqueTensorImpl.h>
#include <ATen/core/Tensor.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/native/Resize.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/resize_native.h>
#include <ATen/ops/set_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

#include <atomic>
#include <optional>

#include "fake_guard.h"
#include "fake_work.h"

namespace fake {

namespace {

c10::Allocator* device_allocator = nullptr;
std::atomic<bool> has_storages = true;

constexpr c10::DispatchKeySet keys(c10::DispatchKey::PrivateUse1);

// The values of a tensor without a storage, on the host.
using Opaque = at::OpaqueTensorImpl<std::optional<at::Tensor>>;

at::Tensor empty_opaque(at::IntArrayRef sizes, at::ScalarType dtype) {
  return at::detail::make_tensor<Opaque>(keys, c10::scalarTypeToTypeMeta(dtype),
                                         guard().getDevice(), at::empty(sizes, dtype), sizes);
}

const at::Tensor& values_of(const at::Tensor& opaque) {
  return static_cast<Opaque*>(opaque.unsafeGetTensorImpl())->opaque_handle().value();
}

at::Tensor empty(at::IntArrayRef sizes, std::optional<at::ScalarType> dtype,
                 std::optional<at::Layout>, std::optional<at::Device> device,
                 std::optional<bool> pin, std::optional<at::MemoryFormat> format) {
  TORCH_CHECK(!pin.value_or(false), "only CPU tensors can be pinned");
  const c10::DeviceGuard on_device(c10::device_or_default(device));
  if (!has_storages) return empty_opaque(sizes, c10::dtype_or_default(dtype));
  return at::detail::empty_generic(sizes, device_allocator, keys, c10::dtype_or_default(dtype),
                                   format);
}

at::Tensor empty_strided(at::IntArrayRef sizes, at::IntArrayRef strides,
                         std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                         std::optional<at::Device> device, std::optional<bool> pin) {
  TORCH_CHECK(!pin.value_or(false), "only CPU tensors can be pinned");
  const c10::DeviceGuard on_device(c10::device_or_default(device));
  return at::detail::empty_strided_generic(sizes, strides, device_allocator, keys,
                                           c10::dtype_or_default(dtype));
}

// The current stream of the device of the copy: the target's device, or the source's if the target
// is on the host.
Stream& copy_stream(const at::Tensor& from, const at::Tensor& to) {
  return stream(guard().getStream(to.is_cpu() ? from.device() : to.device()));
}

void copy_storage(const at::Tensor& from, const at::Tensor& to) {
  const std::size_t nbytes = from.storage().nbytes();
  if (nbytes == 0) return;
  Stream& on = copy_stream(from, to);
  on.wait(queue_copy(on, to.storage().mutable_data(), from.storage().data(), nbytes));
}

// The whole storage with the same sizes and strides, on the host.
at::Tensor on_host(const at::Tensor& tensor) {
  const auto elements =
      static_cast<std::int64_t>(tensor.storage().nbytes()) / tensor.element_size();
  at::Tensor host = at::empty({elements}, tensor.options().device(at::kCPU));
  copy_storage(tensor, host);
  return host.as_strided(tensor.sizes(), tensor.strides(), tensor.storage_offset());
}

bool is_plain(const at::Tensor& from, const at::Tensor& to) {
  return from.is_contiguous() && to.is_contiguous() && from.scalar_type() == to.scalar_type() &&
         from.sizes() == to.sizes();
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool non_blocking) {
  if (to.numel() == 0) return to;
  if (!to.has_storage()) {
    values_of(to).copy_(from);
    return to;
  }
  if (!from.has_storage()) return to.copy_(values_of(from));
  if (is_plain(from, to)) {
    Stream& on = copy_stream(from, to);
    const void* const source = from.const_data_ptr();
    void* const target = to.mutable_data_ptr();
    const std::uint64_t point = queue_copy(on, target, source, to.nbytes());
    // A copy from or to pageable memory is synchronous.
    const bool can_fly =
        (!from.is_cpu() || is_pinned(source)) && (!to.is_cpu() || is_pinned(target));
    if (!non_blocking || !can_fly) on.wait(point);
    return to;
  }
  // Other copies run on the CPU.
  const at::Tensor host_from = from.is_cpu() ? from : on_host(from);
  if (to.is_cpu()) return to.copy_(host_from);
  const at::Tensor host_to = on_host(to);
  host_to.copy_(host_from);
  copy_storage(host_to, to);
  return to;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  at::native::resize_(to, from.sizes(), std::nullopt);
  return copy_from(from, to, false);
}

at::Tensor& set_storage(at::Tensor& tensor, at::Storage storage) {
  return at::native::set_(tensor, std::move(storage));
}

at::Tensor& set_strided_storage(at::Tensor& tensor, at::Storage storage, std::int64_t offset,
                                at::IntArrayRef sizes, at::IntArrayRef strides) {
  return at::native::set_storage_cpu_(tensor, std::move(storage), offset, sizes, strides);
}

void on_the_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  at::native::cpu_fallback(op, stack);
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", empty_strided);
  library.impl("_copy_from", copy_from);
  library.impl("_copy_from_and_resize", copy_from_and_resize);
  library.impl("as_strided", at::native::as_strided_tensorimpl);
  library.impl("view",
               static_cast<at::Tensor (*)(const at::Tensor&, at::IntArrayRef)>(at::native::view));
  library.impl("_reshape_alias", at::native::_reshape_alias);
  library.impl("resize_", at::native::resize_);
  library.impl("set_.source_Storage", set_storage);
  library.impl("set_.source_Storage_storage_offset", set_strided_storage);
  library.impl("set_.source_Tensor", at::native::set_tensor_);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&on_the_cpu>());
}

}  // namespace

void set_storages(bool have) {
  has_storages = have;
}

void register_kernels(c10::Allocator* allocator) {
  device_allocator = allocator;
}

}  // namespace fake
