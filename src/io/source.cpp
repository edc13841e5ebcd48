#include "io/source.h"

#include "io/posix/memory.h"

namespace st {

Bytes Source::get(std::uint64_t offset, std::uint64_t count) const {
  Bytes bytes = allocate_bytes(count);
  read_at(offset, bytes.writable, count);
  return bytes;
}

}  // namespace st
