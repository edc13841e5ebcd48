// The operators new and delete of the library's own functions.
//
// A program may replace the operators for its own functions and for libstdc++, and a library that
// was loaded with RTLD_DEEPBIND does not see the replacement: what one side allocates, the other
// would release. Linked into the shared library only, where the version script makes them local. No
// memory passes between the library and libstdc++: with C++20, std::string and the other templates
// are instantiated here.
#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ST_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ST_SANITIZED
#endif

// Sanitizers have operators of their own, and other C++ runtimes have no such macro.
#if defined(__GLIBCXX__) && !defined(ST_SANITIZED)

namespace {

void* allocate(std::size_t size) noexcept {
  return std::malloc(size != 0 ? size : 1);
}

void* allocate(std::size_t size, std::align_val_t alignment) noexcept {
  void* block = nullptr;
  const auto multiple = static_cast<std::size_t>(alignment);
  return posix_memalign(&block, multiple, size != 0 ? size : 1) == 0 ? block : nullptr;
}

void* checked(void* block) {
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace

void* operator new(std::size_t size) {
  return checked(allocate(size));
}
void* operator new[](std::size_t size) {
  return checked(allocate(size));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return checked(allocate(size, alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return checked(allocate(size, alignment));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, alignment);
}

void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
  std::free(block);
}

#endif
