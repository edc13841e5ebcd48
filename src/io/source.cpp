#include "io/source.h"

#include <cstring>
#include <utility>

#include "error.h"
#include "io/platform.h"

namespace st {
namespace {

// Bytes that are in memory already.
class MemorySource final : public Source {
 public:
  explicit MemorySource(Bytes bytes) noexcept : bytes_(std::move(bytes)) {}

  std::uint64_t size() const noexcept override { return bytes_.size; }

  void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const override {
    if (count > 0) std::memcpy(buffer, bytes_.data + offset, count);
  }

  Bytes get(std::uint64_t offset, std::uint64_t count) const override {
    std::byte* writable = bytes_.writable ? bytes_.writable + offset : nullptr;
    return {bytes_.data + offset, writable, count, bytes_.owner};
  }

 private:
  Bytes bytes_;
};

// Bytes that the caller reads itself.
class CallbackSource final : public Source {
 public:
  explicit CallbackSource(Callbacks callbacks) noexcept : callbacks_(std::move(callbacks)) {}

  std::uint64_t size() const noexcept override { return callbacks_.size; }

  void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const override {
    if (count == 0) return;
    const std::int32_t result = callbacks_.read_at(callbacks_.user_data, offset, buffer, count);
    check_callback(result, offset, [&](Message& message) {
      message << "the read_at callback, asked for " << count << " bytes at " << offset << ",";
    });
  }

 private:
  Callbacks callbacks_;
};

}  // namespace

Bytes Source::get(std::uint64_t offset, std::uint64_t count) const {
  Bytes bytes = allocate_bytes(count);
  read_at(offset, bytes.writable, count);
  return bytes;
}

std::shared_ptr<const Source> borrow_memory(const void* bytes, std::uint64_t size,
                                            std::shared_ptr<const void> owner) {
  // No bytes may come as a null pointer.
  static constexpr std::byte none{};
  const std::byte* data = bytes ? static_cast<const std::byte*>(bytes) : &none;
  return std::make_shared<const MemorySource>(Bytes{data, nullptr, size, std::move(owner)});
}

std::shared_ptr<const Source> copy_memory(const void* bytes, std::uint64_t size) {
  Bytes copy = allocate_bytes(size);
  if (size > 0) std::memcpy(copy.writable, bytes, size);
  return std::make_shared<const MemorySource>(std::move(copy));
}

std::shared_ptr<const Source> open_callbacks(Callbacks callbacks) {
  return std::make_shared<const CallbackSource>(std::move(callbacks));
}

}  // namespace st
