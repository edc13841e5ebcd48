// A range of memory with its owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace st {

struct Bytes {
  const std::byte* data = nullptr;  // not null, even when size is 0
  std::byte* writable = nullptr;    // equal to data, or null for read-only bytes
  std::uint64_t size = 0;
  std::shared_ptr<const void> owner;  // keeps the memory alive
};

}  // namespace st
