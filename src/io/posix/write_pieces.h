// Writes memory to an open file.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "error.h"

namespace st {

// Drops the first `count` bytes of `pieces`.
std::span<iovec> drop_front(std::span<iovec> pieces, std::size_t count) noexcept;

// Writes all of the pieces one after the other from `offset` on; goes on after interruptions and
// short writes. Changes `pieces`. `path` is for messages. Returns where the pieces end.
std::uint64_t write_pieces(int descriptor, std::span<iovec> pieces, std::uint64_t offset,
                           std::string_view path);

// The error of a failed write, which distinguishes memory that cannot be read (EFAULT).
Error write_failure(std::string_view path, int os_error, std::uint64_t offset) noexcept;

}  // namespace st
