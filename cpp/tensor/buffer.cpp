#include <safetensors/safetensors.hpp>
#include <safetensors/torch/buffer.hpp>

#include <new>

namespace safetensors {

namespace {
// A cache line; no element needs more.
constexpr std::align_val_t alignment{64};
}  // namespace

Buffer::Buffer(std::size_t size)
    : data_(static_cast<std::byte*>(::operator new(size, alignment, std::nothrow))), size_(size) {
  if (!data_)
    throw Error(ST_E_NO_MEMORY, "not enough memory for " + std::to_string(size) + " bytes");
}

void Buffer::Free::operator()(std::byte* data) const noexcept {
  ::operator delete(data, alignment);
}

}  // namespace safetensors
