// Bits that an attacker cannot foresee.
#pragma once

#include <cstdint>

namespace st {

std::uint64_t random_bits() noexcept;

}  // namespace st
