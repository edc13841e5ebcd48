// Structs that begin with their size. Callers of other releases may know fewer or more fields: the
// library copies what both sides know and never accesses a caller's struct as today's type.
#pragma once

#include <safetensors/safetensors.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "error.h"

namespace capi {

// The size of each struct in the release that introduced it, and its name.
template <class Struct>
struct Traits;

#define ST_STRUCT(type, first)                         \
  template <>                                          \
  struct Traits<type> {                                \
    static constexpr std::uint32_t first_size = first; \
    static constexpr const char* name = #type;         \
    static_assert(sizeof(type) >= first_size);         \
    static_assert(offsetof(type, size) == 0);          \
    static_assert(sizeof(type) % sizeof(void*) == 0);  \
  }
ST_STRUCT(st_error, ST_ERROR_SIZE_VER0);
ST_STRUCT(st_open_options, ST_OPEN_OPTIONS_SIZE_VER0);
ST_STRUCT(st_io, ST_IO_SIZE_VER0);
ST_STRUCT(st_identity, ST_IDENTITY_SIZE_VER0);
ST_STRUCT(st_tensor_info, ST_TENSOR_INFO_SIZE_VER0);
ST_STRUCT(st_metadata_entry, ST_METADATA_ENTRY_SIZE_VER0);
ST_STRUCT(st_save_tensor, ST_SAVE_TENSOR_SIZE_VER0);
ST_STRUCT(st_save_options, ST_SAVE_OPTIONS_SIZE_VER0);
ST_STRUCT(st_shard, ST_SHARD_SIZE_VER0);
ST_STRUCT(st_location, ST_LOCATION_SIZE_VER0);
ST_STRUCT(st_set_options, ST_SET_OPTIONS_SIZE_VER0);
ST_STRUCT(st_edit, ST_EDIT_SIZE_VER0);
#undef ST_STRUCT

// The value of the caller's `size` field.
inline std::uint32_t size_field(const void* given) noexcept {
  std::uint32_t size;
  std::memcpy(&size, given, sizeof size);
  return size;
}

// Size in bytes of the caller's struct; 0 if the `size` field is invalid. No struct of this
// interface will exceed 4096 bytes: a larger value is uninitialized memory.
template <class Struct>
std::uint32_t caller_size(const void* given) noexcept {
  constexpr std::uint32_t largest = 4096;
  const std::uint32_t size = size_field(given);
  if (size == 0) return Traits<Struct>::first_size;
  const bool valid =
      size >= Traits<Struct>::first_size && size <= largest && size % sizeof(void*) == 0;
  return valid ? size : 0;
}

// Throws Code::invalid_argument for an invalid size.
template <class Struct>
std::uint32_t require_size(const void* given) {
  const std::uint32_t size = caller_size<Struct>(given);
  if (size != 0) return size;
  throw st::Error(st::Code::invalid_argument,
                  st::Message() << Traits<Struct>::name << ".size is " << size_field(given)
                                << ", expected sizeof(" << Traits<Struct>::name << "), which is "
                                << std::uint64_t{sizeof(Struct)} << " in this release");
}

// A copy of the caller's struct in which the fields that the caller does not know are zero. Throws
// Code::invalid_argument if the caller set fields that this release does not know.
template <class Struct>
Struct read_struct(const void* given) {
  const std::uint32_t size = require_size<Struct>(given);
  const auto* bytes = static_cast<const unsigned char*>(given);
  const std::size_t known = std::min<std::size_t>(size, sizeof(Struct));
  if (std::any_of(bytes + known, bytes + size, [](unsigned char byte) { return byte != 0; })) {
    throw st::Error(
        st::Code::invalid_argument,
        st::Message() << Traits<Struct>::name << " has fields set that this release does not know");
  }
  Struct copy{};
  std::memcpy(&copy, bytes, known);
  return copy;
}

// Writes the fields that the caller's struct contains. Its `size` field is unchanged, and the
// fields that this release does not know become zero. The size must be valid.
template <class Struct>
void write_struct(void* received, const Struct& value) noexcept {
  constexpr std::size_t first = sizeof(std::uint32_t);
  const std::size_t size = caller_size<Struct>(received);
  const std::size_t known = std::min(size, sizeof(Struct));
  auto* bytes = static_cast<unsigned char*>(received);
  std::memcpy(bytes + first, reinterpret_cast<const unsigned char*>(&value) + first, known - first);
  std::memset(bytes + known, 0, size - known);
}

// Zeroes a struct that the caller receives, so that it is zero after a failure. Throws
// Code::invalid_argument for NULL and for an invalid size.
template <class Struct>
void clear_struct(void* received, const char* parameter) {
  if (!received) {
    throw st::Error(st::Code::invalid_argument, st::Message() << parameter << " is NULL");
  }
  require_size<Struct>(received);
  write_struct<Struct>(received, Struct{});
}

// A caller's array of structs. The size of the first one is the distance between the elements.
template <class Struct>
class StructArray {
 public:
  StructArray(const void* first, std::uint64_t count) : first_(first), count_(count) {
    if (count == 0) return;
    if (!first) {
      throw st::Error(st::Code::invalid_argument,
                      st::Message() << "the array of " << Traits<Struct>::name << " is NULL");
    }
    stride_ = require_size<Struct>(first);
  }

  std::uint64_t size() const noexcept { return count_; }

  Struct operator[](std::uint64_t index) const {
    const void* element = static_cast<const unsigned char*>(first_) + index * stride_;
    if (size_field(element) != size_field(first_)) {
      throw st::Error(st::Code::invalid_argument,
                      st::Message()
                          << Traits<Struct>::name << " " << index << " of the array has size "
                          << size_field(element) << ", the first has " << size_field(first_));
    }
    return read_struct<Struct>(element);
  }

 private:
  const void* first_;
  std::uint64_t count_;
  std::uint32_t stride_ = 0;
};

// The caller's enumerator, at most `last`. Throws Code::invalid_argument.
template <class Enum>
Enum enum_value(std::uint32_t value, Enum last, const char* field) {
  if (value > static_cast<std::uint32_t>(last)) {
    throw st::Error(st::Code::invalid_argument,
                    st::Message() << field << " is " << value << ", expected at most "
                                  << std::uint64_t{static_cast<std::uint32_t>(last)});
  }
  return static_cast<Enum>(value);
}

}  // namespace capi
