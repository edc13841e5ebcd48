#include "io/posix/copy_file.h"

#include <unistd.h>

#include <algorithm>

#include "io/platform.h"
#include "io/posix/read_file.h"
#include "io/posix/write_pieces.h"

namespace st {

void copy_file(const FileDescriptor& from, const FileDescriptor& to, std::uint64_t size,
               const std::string& path) {
  constexpr std::uint64_t piece_size = 4 << 20;
  const Bytes buffer = allocate_bytes(std::min(size, piece_size));
  for (std::uint64_t offset = 0; offset < size;) {
    const std::uint64_t count = std::min(piece_size, size - offset);
    read_exactly(from, offset, buffer.writable, count);
    iovec piece = {buffer.writable, static_cast<std::size_t>(count)};
    offset = write_pieces(to.get(), {&piece, 1}, offset, path);
  }
}

}  // namespace st
