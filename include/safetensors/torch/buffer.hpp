// A byte buffer that owns its memory.
#ifndef SAFETENSORS_TORCH_BUFFER_HPP
#define SAFETENSORS_TORCH_BUFFER_HPP

#include <safetensors/torch/export.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace safetensors {

// Owns the bytes that `save` returns. Move-only. Converts to Bytes.
class Buffer {
 public:
  Buffer() noexcept = default;
  // Allocates `size` uninitialized bytes. Throws Error ST_E_NO_MEMORY.
  ST_TORCH_API explicit Buffer(std::size_t size);
  Buffer(Buffer&& other) noexcept
      : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  std::byte* data() noexcept { return data_.get(); }
  const std::byte* data() const noexcept { return data_.get(); }
  std::size_t size() const noexcept { return size_; }
  const std::byte* begin() const noexcept { return data(); }
  const std::byte* end() const noexcept { return data() + size_; }

 private:
  struct Free {
    ST_TORCH_API void operator()(std::byte* data) const noexcept;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace safetensors

#endif
