// Memory -> an open file.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace st {

// Drops the first `count` bytes of `pieces`.
std::span<iovec> drop_front(std::span<iovec> pieces, std::size_t count) noexcept;

// Writes all of the pieces one after the other from `offset` on; goes on after interruptions and
// short writes. Changes `pieces`. Returns where they end.
std::uint64_t write_pieces(int descriptor, std::span<iovec> pieces, std::uint64_t offset);

}  // namespace st
