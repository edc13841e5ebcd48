// Shares and copies ranges of files inside of the kernel.
#pragma once

#include <cstdint>
#include <string_view>

namespace st {

// Size of the file system's blocks, a power of two; 0 if it is unknown or unusual.
std::uint64_t block_size(int descriptor) noexcept;

// Shares `count` bytes from `offset` of `from`, to its end, as those from `position` of `to`. Both
// offsets are multiples of block_size(). Returns false if the file system, or the pair of files,
// cannot. `path`, that of `to`, is for messages.
bool clone_range(int from, std::uint64_t offset, std::uint64_t count, int to,
                 std::uint64_t position, std::string_view path);

// Copies up to `count` bytes from `offset` of `from` to `position` of `to`. Returns how many were
// copied: fewer if the kernel cannot copy the rest. `from` may be -1.
std::uint64_t copy_range(int from, std::uint64_t offset, int to, std::uint64_t position,
                         std::uint64_t count, std::string_view path);

}  // namespace st
