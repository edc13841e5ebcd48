// st_builder_add_dlpack: DLPack tensors of the caller as tensors to save.
#include <safetensors/dlpack.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "builder.h"
#include "dlpack_dtype.h"
#include "format/tensor_size.h"
#include "guard.h"
#include "releaser.h"

namespace {

// Builds the tensor to save, which refers to the DLPack tensor's memory.
class Import {
 public:
  // Throws Code::invalid_argument, dtype, overflow, subbyte or unsupported.
  Import(std::string_view name, const DLTensor& given, std::uint64_t flags)
      : name_(name), given_(given) {
    check_device();
    read_shape();
    const st::Dtype dtype = read_dtype(flags);
    const std::uint64_t nbytes = st::tensor_size(name, dtype, shape_);
    if (!given.data && nbytes != 0) reject(st::Code::invalid_argument, "data is NULL");
    if (nbytes != 0) check_dense();
    const auto* const data = static_cast<const std::byte*>(given.data);
    tensor = {name,   dtype,   shape_, data ? data + given.byte_offset : nullptr,
              nbytes, nullptr, nullptr};
  }

  st::TensorToSave tensor;

 private:
  template <class... Parts>
  [[noreturn]] void reject(st::Code code, Parts... parts) const {
    st::Message message;
    message << "tensor " << st::Quoted{name_} << ": ";
    (message << ... << parts);
    throw st::Error(code, message);
  }

  void check_device() const {
    const std::int32_t device = given_.device.device_type;
    if (device != capi::dlpack_cpu && device != capi::dlpack_cuda_host &&
        device != capi::dlpack_rocm_host) {
      reject(st::Code::unsupported, "its DLPack device type is ",
             static_cast<std::uint64_t>(static_cast<std::uint32_t>(device)),
             ", expected memory of the CPU");
    }
  }

  void read_shape() {
    if (given_.ndim < 0) reject(st::Code::invalid_argument, "ndim is negative");
    const auto rank = static_cast<std::size_t>(given_.ndim);
    if (rank > 0 && !given_.shape) reject(st::Code::invalid_argument, "shape is NULL");
    for (std::size_t d = 0; d < rank; ++d) {
      if (given_.shape[d] < 0) reject(st::Code::invalid_argument, "an extent is negative");
      shape_.push_back(static_cast<std::uint64_t>(given_.shape[d]));
    }
  }

  st::Dtype read_dtype(std::uint64_t flags) {
    const DLDataType type = given_.dtype;
    const auto dtype = capi::dtype_of_dlpack(type);
    const bool pair = dtype == st::Dtype::f4 && type.lanes == 2 && !shape_.empty();
    if (!dtype || (type.lanes != 1 && !pair)) {
      reject(st::Code::dtype, "DLPack type code ", std::uint64_t{type.code}, " with ",
             std::uint64_t{type.bits}, " bits and ", std::uint64_t{type.lanes},
             " lanes is not a dtype of safetensors");
    }
    if (type.bits < 8 && (flags & capi::dlpack_subbyte_padded) != 0) {
      reject(st::Code::unsupported, "its elements are padded to bytes, expected packed elements");
    }
    if (pair) shape_.back() *= 2;  // at most 2^63 - 1 before
    return *dtype;
  }

  void check_dense() const {
    if (!given_.strides) return;
    std::int64_t stride = 1;  // cannot overflow: the size of the data fits
    for (std::size_t d = shape_.size(); d-- > 0;) {
      const std::int64_t extent = given_.shape[d];
      if (extent != 1 && given_.strides[d] != stride) {
        reject(st::Code::unsupported,
               "its strides are not those of a dense tensor in row-major order: copy it first");
      }
      stride *= extent;
    }
  }

  std::string_view name_;
  const DLTensor& given_;
  std::vector<std::uint64_t> shape_;
};

template <class Managed>
void run_deleter(void* managed) {
  auto* const owned = static_cast<Managed*>(managed);
  if (owned->deleter) owned->deleter(owned);
}

template <class Managed>
void add(st_builder* builder, std::string_view name, Managed* managed, std::uint64_t flags) {
  capi::require(builder != nullptr, "builder is NULL");
  const Import import(name, managed->dl_tensor, flags);
  const auto owner = std::make_shared<capi::Releaser>();
  builder->add(import.tensor, owner);
  owner->arm(run_deleter<Managed>, managed);
}

}  // namespace

st_status st_builder_add_dlpack(st_builder* builder, const char* name, uint64_t name_len,
                                DLManagedTensorVersioned* managed, st_error* error) {
  return capi::guard(error, [&] {
    capi::require(managed != nullptr, "managed is NULL");
    if (managed->version.major != capi::dlpack_version.major) {
      throw st::Error(st::Code::unsupported, st::Message() << "the tensor has major version "
                                                           << std::uint64_t{managed->version.major}
                                                           << " of DLPack, expected 1");
    }
    add(builder, capi::text_of(name, name_len, "name"), managed, managed->flags);
  });
}

st_status st_builder_add_dlpack_unversioned(st_builder* builder, const char* name,
                                            uint64_t name_len, DLManagedTensor* managed,
                                            st_error* error) {
  return capi::guard(error, [&] {
    capi::require(managed != nullptr, "managed is NULL");
    add(builder, capi::text_of(name, name_len, "name"), managed, 0);
  });
}
