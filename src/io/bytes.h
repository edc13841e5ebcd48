// A stretch of memory and what keeps it alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace st {

struct Bytes {
  const std::byte* data = nullptr;  // not null, even when size is 0
  std::byte* writable = nullptr;    // the same place, or null where it may not be written to
  std::uint64_t size = 0;
  std::shared_ptr<const void> owner;
};

}  // namespace st
