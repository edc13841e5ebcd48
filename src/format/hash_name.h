// A name as 64 bits.
#pragma once

#include <cstdint>
#include <string_view>

namespace st {

// Spreads evenly under any key; with a secret one, names that collide cannot be made on purpose.
std::uint64_t hash_name(std::string_view name, std::uint64_t key) noexcept;

}  // namespace st
