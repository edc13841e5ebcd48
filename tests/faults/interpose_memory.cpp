// Memory: every form of operator new, and malloc below them where no sanitizer has it.
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "faults.h"

#if defined(__SANITIZE_ADDRESS__)
#define MALLOC_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MALLOC_IS_SANITIZED 1
#endif
#endif

#ifdef MALLOC_IS_SANITIZED

namespace {
void* system_malloc(std::size_t size) {
  return std::malloc(size);
}
void* system_memalign(std::size_t alignment, std::size_t size) {
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}
void system_free(void* block) {
  std::free(block);
}
}  // namespace

#else

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);
}

namespace {
void* system_malloc(std::size_t size) {
  return __libc_malloc(size);
}
void* system_memalign(std::size_t alignment, std::size_t size) {
  return __libc_memalign(alignment, size);
}
void system_free(void* block) {
  __libc_free(block);
}

bool refused() {
  const int os_error = faults_request("malloc", 1);
  if (os_error != 0) errno = os_error;
  return os_error != 0;
}

void* noted(void* block) {
  faults_note_block(block);
  return block;
}
}  // namespace

extern "C" {
// What the C++ runtime throws with, among others.
void* malloc(std::size_t size) noexcept {
  return refused() ? nullptr : noted(__libc_malloc(size));
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  return refused() ? nullptr : noted(__libc_calloc(count, size));
}
void* realloc(void* block, std::size_t size) noexcept {
  if (refused()) return nullptr;
  faults_drop_block(block);
  return noted(__libc_realloc(block, size));
}
int posix_memalign(void** block, std::size_t alignment, std::size_t size) noexcept {
  if (refused()) return ENOMEM;
  *block = noted(__libc_memalign(alignment, size));
  return *block ? 0 : ENOMEM;
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return refused() ? nullptr : noted(__libc_memalign(alignment, size));
}
void free(void* block) noexcept {
  faults_drop_block(block);
  __libc_free(block);
}
}

#endif

namespace {

void* take(std::size_t size, std::size_t alignment) noexcept {
  if (faults_request("operator new", 1) != 0) return nullptr;
  void* block = alignment > alignof(std::max_align_t)
                    ? system_memalign(alignment, size > 0 ? size : 1)
                    : system_malloc(size > 0 ? size : 1);
  faults_note_block(block);
  return block;
}

void* take_or_throw(std::size_t size, std::size_t alignment) {
  void* block = take(size, alignment);
  if (!block) throw std::bad_alloc();
  return block;
}

void give_back(void* block) noexcept {
  faults_drop_block(block);
  system_free(block);
}

std::size_t number(std::align_val_t alignment) {
  return static_cast<std::size_t>(alignment);
}

}  // namespace

using std::align_val_t, std::nothrow_t, std::size_t;

void* operator new(size_t size) {
  return take_or_throw(size, 1);
}
void* operator new[](size_t size) {
  return take_or_throw(size, 1);
}
void* operator new(size_t size, align_val_t alignment) {
  return take_or_throw(size, number(alignment));
}
void* operator new[](size_t size, align_val_t alignment) {
  return take_or_throw(size, number(alignment));
}
void* operator new(size_t size, const nothrow_t&) noexcept {
  return take(size, 1);
}
void* operator new[](size_t size, const nothrow_t&) noexcept {
  return take(size, 1);
}
void* operator new(size_t size, align_val_t alignment, const nothrow_t&) noexcept {
  return take(size, number(alignment));
}
void* operator new[](size_t size, align_val_t alignment, const nothrow_t&) noexcept {
  return take(size, number(alignment));
}

void operator delete(void* block) noexcept {
  give_back(block);
}
void operator delete[](void* block) noexcept {
  give_back(block);
}
void operator delete(void* block, size_t) noexcept {
  give_back(block);
}
void operator delete[](void* block, size_t) noexcept {
  give_back(block);
}
void operator delete(void* block, align_val_t) noexcept {
  give_back(block);
}
void operator delete[](void* block, align_val_t) noexcept {
  give_back(block);
}
void operator delete(void* block, size_t, align_val_t) noexcept {
  give_back(block);
}
void operator delete[](void* block, size_t, align_val_t) noexcept {
  give_back(block);
}
void operator delete(void* block, const nothrow_t&) noexcept {
  give_back(block);
}
void operator delete[](void* block, const nothrow_t&) noexcept {
  give_back(block);
}
