#include "format/name_index.h"

#include <bit>

#include "io/posix/memory.h"
#include "io/posix/random.h"

namespace st {

NameIndex::NameIndex(std::size_t count) : key_(random_bits()) {
  const std::size_t size = std::bit_ceil(count * 2 + 1);
  mask_ = size - 1;
  reserve_on_huge_pages(&slots_, size);
  slots_.assign(size, Slot{0, none});
}

}  // namespace st
