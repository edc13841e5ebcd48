#include "io/source.h"

#include <cstring>
#include <utility>

#include "error.h"
#include "io/platform.h"

namespace st {
namespace {

class MemorySource final : public Source {
 public:
  MemorySource(Bytes bytes, Access access) : Source("memory", access), bytes_(std::move(bytes)) {}

  std::uint64_t size() const noexcept override { return bytes_.size; }

  void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const override {
    if (count > 0) std::memcpy(buffer, bytes_.data + offset, count);
  }

  Bytes get(std::uint64_t offset, std::uint64_t count) const override {
    if (is_writable()) return copy(offset, count);
    return {bytes_.data + offset, nullptr, count, bytes_.owner};
  }

  const std::byte* in_place(std::uint64_t offset, std::uint64_t) const override {
    return bytes_.data + offset;
  }

 private:
  Bytes bytes_;
};

class CallbackSource final : public Source {
 public:
  CallbackSource(Callbacks callbacks, Access access)
      : Source("callbacks", access), callbacks_(std::move(callbacks)) {}

  std::uint64_t size() const noexcept override { return callbacks_.size; }

  void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const override {
    if (count == 0) return;
    run_callback(
        offset, [&] { return callbacks_.read_at(callbacks_.user_data, offset, buffer, count); },
        [&](Message& message) {
          message << "the read_at callback for " << count << " bytes at offset " << offset;
        });
  }

 private:
  Callbacks callbacks_;
};

}  // namespace

Bytes Source::copy(std::uint64_t offset, std::uint64_t count) const {
  Bytes bytes = allocate_bytes(count);
  read_at(offset, bytes.writable, count);
  if (!is_writable()) bytes.writable = nullptr;
  return bytes;
}

const std::byte* Source::in_place(std::uint64_t, std::uint64_t) const {
  return nullptr;
}

std::shared_ptr<const Source> borrow_memory(const void* bytes, std::uint64_t size,
                                            std::shared_ptr<const void> owner, Access access) {
  // The caller may pass a null pointer for 0 bytes.
  static constexpr std::byte empty{};
  const std::byte* data = bytes ? static_cast<const std::byte*>(bytes) : &empty;
  return std::make_shared<const MemorySource>(Bytes{data, nullptr, size, std::move(owner)}, access);
}

std::shared_ptr<const Source> copy_memory(const void* bytes, std::uint64_t size, Access access) {
  Bytes copy = allocate_bytes(size);
  if (size > 0) std::memcpy(copy.writable, bytes, size);
  return std::make_shared<const MemorySource>(std::move(copy), access);
}

std::shared_ptr<const Source> open_callbacks(Callbacks callbacks, Access access) {
  return std::make_shared<const CallbackSource>(std::move(callbacks), access);
}

}  // namespace st
