// st_tensor_to_dlpack: tensors of a file as DLPack tensors.
#include <safetensors/dlpack.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "dlpack_dtype.h"
#include "format/checked.h"
#include "guard.h"
#include "handles.h"

namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void reject(st::Code code, const st_tensor& tensor, const char* what) {
  throw st::Error(code, st::Message()
                            << "tensor " << st::Quoted{tensor.entry->name} << ": " << what);
}

// The extents, and after them the strides in elements.
std::vector<std::int64_t> extents_and_strides(const st_tensor& tensor) {
  const auto shape = tensor.entry->shape;
  const std::size_t rank = shape.size();
  std::vector<std::int64_t> both(2 * rank);
  std::uint64_t stride = 1;
  for (std::size_t d = rank; d-- > 0;) {
    if (shape[d] > largest) {
      reject(st::Code::overflow, tensor, "an extent exceeds 2^63 - 1, the limit of DLPack");
    }
    both[d] = static_cast<std::int64_t>(shape[d]);
    both[rank + d] = static_cast<std::int64_t>(stride);
    // Nothing is multiplied with an extent of 0: its dimension has no second element.
    if (__builtin_mul_overflow(stride, std::max<std::uint64_t>(shape[d], 1), &stride) ||
        (stride > largest && d > 0)) {
      reject(st::Code::overflow, tensor, "a stride exceeds 2^63 - 1, the limit of DLPack");
    }
  }
  return both;
}

template <class Managed>
struct Export {
  explicit Export(st_tensor& of) : tensor(of), extents(extents_and_strides(of)) {
    capi::add_reference(&tensor);
  }
  Export(const Export&) = delete;
  Export& operator=(const Export&) = delete;
  ~Export() { capi::release_reference(&tensor); }

  static void free(Managed* managed) {
    const st::CallScope scope;
    delete static_cast<Export*>(managed->manager_ctx);
  }

  Managed managed{};
  st_tensor& tensor;
  std::vector<std::int64_t> extents;
};

template <class Managed>
Managed* exported(st_tensor& tensor) {
  const st::TensorEntry& entry = *tensor.entry;
  const auto address = reinterpret_cast<std::uintptr_t>(tensor.bytes.data);
  if (address % st::dtype_alignment(entry.dtype) != 0) {
    reject(st::Code::unsupported, tensor,
           "its bytes are not aligned to the element size: open the file with ST_UNALIGNED_COPY");
  }
  auto made = std::make_unique<Export<Managed>>(tensor);
  DLTensor& described = made->managed.dl_tensor;
  described.data = const_cast<std::byte*>(tensor.bytes.data);
  described.device = {capi::dlpack_cpu, 0};
  described.ndim = static_cast<std::int32_t>(entry.shape.size());
  described.dtype = capi::dlpack_dtype(entry.dtype);
  described.shape = made->extents.data();
  described.strides = made->extents.data() + entry.shape.size();
  made->managed.manager_ctx = made.get();
  made->managed.deleter = Export<Managed>::free;
  return &made.release()->managed;
}

template <class Managed>
void clear(Managed** managed) {
  capi::require(managed != nullptr, "managed is NULL");
  *managed = nullptr;
}

}  // namespace

st_status st_tensor_to_dlpack(st_tensor* tensor, DLManagedTensorVersioned** managed,
                              st_error* error) {
  return capi::guard(
      error, [&] { clear(managed); },
      [&] {
        capi::require(tensor != nullptr, "tensor is NULL");
        DLManagedTensorVersioned* const made = exported<DLManagedTensorVersioned>(*tensor);
        made->version = capi::dlpack_version;
        made->flags = tensor->bytes.writable ? 0 : capi::dlpack_read_only;
        *managed = made;
      });
}

st_status st_tensor_to_dlpack_unversioned(st_tensor* tensor, DLManagedTensor** managed,
                                          st_error* error) {
  return capi::guard(
      error, [&] { clear(managed); },
      [&] {
        capi::require(tensor != nullptr, "tensor is NULL");
        if (!tensor->bytes.writable) {
          reject(st::Code::unsupported, *tensor,
                 "DLPack before 1.0 cannot mark read-only memory: open the file with "
                 "ST_ACCESS_WRITABLE");
        }
        *managed = exported<DLManagedTensor>(*tensor);
      });
}
