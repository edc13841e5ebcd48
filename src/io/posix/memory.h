// Memory for tensor bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "io/bytes.h"

namespace st {

// `size` writable bytes aligned to 64, uninitialised or zero. Large ones are mapped on huge pages
// where the system has them: reading a file into fresh small pages is several times slower. Throws
// std::bad_alloc.
Bytes allocate_bytes(std::uint64_t size);

// Advice for a large block that is about to be filled for the first time, whoever allocated it: the
// whole huge pages inside it are to be backed as such.
void prefer_huge_pages(void* block, std::size_t size) noexcept;

template <class Element>
void reserve_on_huge_pages(std::vector<Element>* vector, std::size_t count) {
  vector->reserve(count);
  prefer_huge_pages(vector->data(), count * sizeof(Element));
}

}  // namespace st
