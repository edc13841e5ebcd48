// Hexadecimal digits of escapes, in JSON and in messages.
#pragma once

#include <cstddef>
#include <cstdint>

namespace st {

// Fills `out` with the lowest `Count` hexadecimal digits of `value`, in lower case.
template <std::size_t Count>
void write_hex(char (&out)[Count], std::uint32_t value) noexcept {
  for (std::size_t i = Count; i-- > 0; value >>= 4)
    out[i] = "0123456789abcdef"[value & 15];
}

}  // namespace st
