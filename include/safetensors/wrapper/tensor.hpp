// Tensor and TensorInfo: a tensor with its bytes, and its entry in the header.
#ifndef SAFETENSORS_WRAPPER_TENSOR_HPP
#define SAFETENSORS_WRAPPER_TENSOR_HPP

#include <safetensors/wrapper/dtype.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace safetensors {

namespace detail {

// A reference to a C handle. Each copy adds one.
template <class T, T* (*Ref)(T*), void (*Unref)(T*)>
class Handle {
 public:
  explicit Handle(T* owned = nullptr) noexcept : handle_(owned) {}
  Handle(const Handle& other) noexcept : handle_(other.handle_ ? Ref(other.handle_) : nullptr) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Handle() { Unref(handle_); }
  T* get() const noexcept { return handle_; }

 private:
  T* handle_;
};

}  // namespace detail

// A tensor's entry in the header. The views are valid as long as a copy of the File or Tensor that
// it was got from.
struct TensorInfo {
  std::string_view name;
  Dtype dtype{};
  Span<const std::uint64_t> shape;  // extents in elements; empty for a scalar
  std::uint64_t nbytes = 0;         // size of the data in bytes
  std::uint64_t file_offset = 0;    // offset of the data from the first byte of the file

  TensorInfo() = default;
  explicit TensorInfo(const st_tensor_info& info) noexcept
      : name(info.name, info.name_len),
        dtype(static_cast<Dtype>(info.dtype)),
        shape(info.shape, info.rank),
        nbytes(info.nbytes),
        file_offset(info.file_offset) {}
};

// The bytes of a tensor, and a reference to the mapping or memory that holds them. Valid after the
// File is destroyed.
class Tensor {
 public:
  // Takes ownership of a reference to a handle of the C ABI.
  explicit Tensor(st_tensor* owned) noexcept : handle_(owned) {}

  // The bytes: little-endian, dense, row-major. Valid as long as a copy of this Tensor.
  Bytes bytes() const& noexcept {
    return Bytes(static_cast<const std::byte*>(st_tensor_data(handle())),
                 st_tensor_nbytes(handle()));
  }

  // The bytes for writing if the file was opened with OpenOptions::writable, else empty. Writes
  // never change the file. Tensors of the same mapped File share their bytes.
  MutableBytes mutable_bytes() const& noexcept {
    void* data = st_tensor_mutable_data(handle());
    return MutableBytes(static_cast<std::byte*>(data), data ? st_tensor_nbytes(handle()) : 0);
  }

  // The elements, without a copy. T is the dtype's type (float for F32), or an unsigned integer or
  // class type of the same size (raw bits); bool is not supported. Throws Error
  // ST_E_INVALID_ARGUMENT for another T, and ST_E_UNSUPPORTED if the bytes are not aligned for T:
  // OpenOptions::copy_unaligned prevents that, and File::read copies them.
  template <class T>
  Span<const T> as() const& {
    detail::require_element_of<T>(info().dtype);
    const Bytes raw = bytes();
    if (raw.empty()) return {};
    if (reinterpret_cast<std::uintptr_t>(raw.data()) % alignof(T) != 0)
      throw Error(ST_E_UNSUPPORTED, "the tensor's bytes are not aligned to " +
                                        std::to_string(alignof(T)) +
                                        ": open the file with copy_unaligned, or use File::read");
    return Span<const T>(reinterpret_cast<const T*>(raw.data()), raw.size() / sizeof(T));
  }

  // The tensor's entry in the header.
  TensorInfo info() const& {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    st_error error = ST_ERROR_INIT;
    detail::check(st_tensor_describe(handle(), &info, &error), error);
    return TensorInfo(info);
  }

  // Views of a temporary would dangle: store the Tensor in a variable.
  Bytes bytes() const&& = delete;
  MutableBytes mutable_bytes() const&& = delete;
  template <class T>
  Span<const T> as() const&& = delete;
  TensorInfo info() const&& = delete;

  // The C ABI's handle, owned by this Tensor.
  st_tensor* handle() const noexcept { return handle_.get(); }

 private:
  detail::Handle<st_tensor, st_tensor_ref, st_tensor_unref> handle_;
};

}  // namespace safetensors

#endif
