// Structs that begin with their size, as callers of other releases know them.
#pragma once

#include <safetensors/safetensors.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "guard.h"

namespace capi {

// No struct of this interface will ever be larger; a size that is, was never set.
inline constexpr std::uint32_t largest_struct = 4096;

// Throws Code::invalid_argument for a size that cannot be.
template <class Struct>
void check_size(std::uint32_t size, const char* type) {
  const bool aligned = size % alignof(Struct) == 0;  // or the next element of an array would not be
  if (size >= sizeof(Struct) && size <= largest_struct && aligned) return;
  throw st::Error(st::Code::invalid_argument, st::Message()
                                                  << type << ".size is " << size << ", expected "
                                                  << std::uint64_t{sizeof(Struct)});
}

// Checks a struct that the caller filled in, and that what this library does not know of it is
// zero.
template <class Struct>
void check_input(const Struct& given, const char* type) {
  check_size<Struct>(given.size, type);
  const auto* bytes = reinterpret_cast<const unsigned char*>(&given);
  const bool unknown = std::any_of(bytes + sizeof(Struct), bytes + given.size,
                                   [](unsigned char byte) { return byte != 0; });
  if (unknown) {
    throw st::Error(st::Code::invalid_argument,
                    st::Message() << type << " has fields set that this release does not know");
  }
}

// A struct that the caller receives: zeroed but for its size, so that a failure leaves nothing in
// it.
template <class Struct>
void clear_output(Struct* received, const char* type) {
  require(received != nullptr, "the struct to be filled is NULL");
  check_size<Struct>(received->size, type);
  std::memset(reinterpret_cast<unsigned char*>(received) + sizeof received->size, 0,
              received->size - sizeof received->size);
}

// Element `index` of an array whose elements are as large as the first one says.
template <class Struct>
const Struct& element(const Struct* array, std::uint64_t index) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(array);
  return *reinterpret_cast<const Struct*>(bytes + index * array->size);
}

// The caller's enum value, at most `last`.
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
