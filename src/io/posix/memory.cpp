#include "io/platform.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <new>

#include "error.h"

namespace st {
namespace {

constexpr std::align_val_t alignment{64};
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t mapped_from = 2 * huge_page;

std::size_t whole_pages(std::size_t size) noexcept {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

Error no_memory(std::uint64_t size, int os_error = 0) {
  return Error(Code::no_memory, Message() << "not enough memory for " << size << " bytes",
               no_position, os_error);
}

// Maps `size` bytes, whole pages, that begin on a huge page, and unmaps the pages before and after
// them at once. Null, and errno, on failure.
std::byte* map_on_huge_pages(std::size_t size) {
  void* place =
      ::mmap(nullptr, size + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return nullptr;
  auto* first = static_cast<std::byte*>(place);
  const std::size_t before =
      (huge_page - reinterpret_cast<std::uintptr_t>(first) % huge_page) % huge_page;
  if (before > 0) ::munmap(first, before);
  if (before < huge_page) ::munmap(first + before + size, huge_page - before);
  ::madvise(first + before, size, MADV_HUGEPAGE);
  return first + before;
}

}  // namespace

void* allocate_block(std::size_t size) {
  if (size > PTRDIFF_MAX - 2 * huge_page) throw no_memory(size);
  void* const block = size < mapped_from
                          ? ::operator new(size > 0 ? size : 1, alignment, std::nothrow)
                          : map_on_huge_pages(whole_pages(size));
  if (!block) throw no_memory(size, size < mapped_from ? 0 : errno);
  return block;
}

void free_block(void* block, std::size_t size) noexcept {
  if (size < mapped_from) {
    ::operator delete(block, alignment);
  } else {
    ::munmap(block, whole_pages(size));
  }
}

Bytes allocate_bytes(std::uint64_t size) {
  const auto count = static_cast<std::size_t>(size);
  auto* const block = static_cast<std::byte*>(allocate_block(count));
  return {block, block, size,
          std::shared_ptr<const void>(block, [count](void* owned) { free_block(owned, count); })};
}

}  // namespace st
