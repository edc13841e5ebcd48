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
  if (size > PTRDIFF_MAX - 2 * huge_page) throw no_memory(size);
  const auto count = static_cast<std::size_t>(size);
  if (count < mapped_from) {
    auto* block =
        static_cast<std::byte*>(::operator new(count > 0 ? count : 1, alignment, std::nothrow));
    if (!block) throw no_memory(size);
    return {block, block, size, std::shared_ptr<const std::byte>(block, HeapBlock{})};
  }
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t whole_pages = (count + page - 1) / page * page;
  std::byte* block = map_on_huge_pages(whole_pages);
  if (!block) throw no_memory(size, errno);
  return {block, block, size, std::shared_ptr<const std::byte>(block, MappedBlock{whole_pages})};
}

}  // namespace st
