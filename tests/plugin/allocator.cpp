#include "allocator.h"

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> live{0};
std::atomic<long> calls{0};

constexpr std::size_t magic = 0x5AFE7E4508E4A70AU;

// Before each block.
struct Header {
  void* start;
  std::size_t check;
};

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  if (alignment < alignof(std::max_align_t)) alignment = alignof(std::max_align_t);
  if (size > PTRDIFF_MAX) return nullptr;
  auto* const start = static_cast<char*>(std::malloc(size + alignment + sizeof(Header)));
  if (!start) return nullptr;
  const std::size_t past = reinterpret_cast<std::size_t>(start) + sizeof(Header) + alignment - 1;
  char* const block = start + (past / alignment * alignment - reinterpret_cast<std::size_t>(start));
  reinterpret_cast<Header*>(block)[-1] = {start, magic};
  ++live;
  ++calls;
  return block;
}

void release(void* block) noexcept {
  if (!block) return;
  Header& header = static_cast<Header*>(block)[-1];
  if (header.check != magic) {
    std::puts("the host's operator delete was called for memory of another allocator");
    std::abort();
  }
  header.check = 0;
  --live;
  std::free(header.start);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  if (void* const block = allocate(size, alignment)) return block;
  throw std::bad_alloc();
}

constexpr std::size_t to_size(std::align_val_t alignment) {
  return static_cast<std::size_t>(alignment);
}

}  // namespace

long allocator_live(void) {
  return live;
}

long allocator_calls(void) {
  return calls;
}

void* operator new(std::size_t size) {
  return allocate_or_throw(size, 1);
}
void* operator new[](std::size_t size) {
  return allocate_or_throw(size, 1);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, to_size(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, to_size(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size, 1);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size, 1);
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, to_size(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, to_size(alignment));
}
void operator delete(void* block) noexcept {
  release(block);
}
void operator delete[](void* block) noexcept {
  release(block);
}
void operator delete(void* block, std::size_t) noexcept {
  release(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  release(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  release(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
  release(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  release(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
  release(block);
}
