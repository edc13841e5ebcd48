#include "format/name_index.h"

#include <bit>
#include <cstddef>
#include <cstring>

#include "io/platform.h"

namespace st {
namespace {

// The halves of the 128-bit product, folded.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
#ifdef __SIZEOF_INT128__
  __extension__ typedef unsigned __int128 Wide;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#else
  const std::uint64_t low = std::uint32_t(a), high = a >> 32;
  const std::uint64_t mixed = low * (b >> 32) + (high * std::uint32_t(b));
  return (a * b) ^ (high * (b >> 32) + (mixed >> 32));
#endif
}

std::uint64_t load(const char* bytes, std::size_t count) noexcept {
  std::uint64_t word = 0;
  if (count > 0) std::memcpy(&word, bytes, count);
  return word;
}

}  // namespace

std::uint64_t hash_name(std::string_view name, std::uint64_t key) noexcept {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15u;
  std::uint64_t state = key ^ (name.size() * odd);
  const char* at = name.data();
  std::size_t left = name.size();
  for (; left > 8; at += 8, left -= 8)
    state = fold(state ^ load(at, 8), key | odd);
  state = fold(state ^ load(at, left), key | odd);
  return fold(state, odd);
}

NameIndex::NameIndex(std::size_t count) : key_(random_bits()) {
  const std::size_t size = std::bit_ceil(count * 2 + 1);
  mask_ = size - 1;
  slots_.assign(size, Slot{0, none});
}

}  // namespace st
