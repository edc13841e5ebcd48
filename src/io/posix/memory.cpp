#include "io/platform.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace st {
namespace {

constexpr std::align_val_t alignment{64};
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t mapped_from = 2 * huge_page;

struct HeapBlock {
  void operator()(const std::byte* block) const noexcept {
    ::operator delete(const_cast<std::byte*>(block), alignment);
  }
};

struct MappedBlock {
  std::size_t size;
  void operator()(const std::byte* block) const noexcept {
    ::munmap(const_cast<std::byte*>(block), size);
  }
};

// Begins on a huge page: what is mapped before and after it goes back at once.
std::byte* map_on_huge_pages(std::size_t size) {
  const std::size_t reserved = size + huge_page;
  if (reserved < size) throw std::bad_alloc();
  void* place =
      ::mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) throw std::bad_alloc();
  auto* first = static_cast<std::byte*>(place);
  const std::size_t before =
      (huge_page - reinterpret_cast<std::uintptr_t>(first) % huge_page) % huge_page;
  if (before > 0) ::munmap(first, before);
  if (before < huge_page) ::munmap(first + before + size, huge_page - before);
  prefer_huge_pages(first + before, size);
  return first + before;
}

}  // namespace

void prefer_huge_pages(void* block, std::size_t size) noexcept {
  const auto first = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t from = (first + huge_page - 1) / huge_page * huge_page;
  const std::uintptr_t to = (first + size) / huge_page * huge_page;
  if (from < to) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
}

Bytes allocate_bytes(std::uint64_t size) {
  if (size > PTRDIFF_MAX - 2 * huge_page) throw std::bad_alloc();
  const auto count = static_cast<std::size_t>(size);
  if (count < mapped_from) {
    auto* block = static_cast<std::byte*>(::operator new(count > 0 ? count : 1, alignment));
    return {block, block, size, std::shared_ptr<const std::byte>(block, HeapBlock{})};
  }
  const std::size_t pages = (count + 4095) / 4096 * 4096;
  std::byte* block = map_on_huge_pages(pages);
  return {block, block, size, std::shared_ptr<const std::byte>(block, MappedBlock{pages})};
}

}  // namespace st
