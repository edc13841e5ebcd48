#include "format/name_index.h"

#include <bit>
#include <cstddef>
#include <cstring>

namespace st {
namespace {

// Odd numbers with as many ones as zeros in no pattern.
constexpr std::uint64_t first_mix = 0x9E3779B97F4A7C15u;
constexpr std::uint64_t second_mix = 0xD1B54A32D192ED03u;
constexpr std::uint64_t last_mix = 0xBF58476D1CE4E5B9u;

// The halves of the 128-bit product, combined.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ typedef unsigned __int128 Wide;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Up to eight bytes.
std::uint64_t load(const char* bytes, std::size_t count) noexcept {
  std::uint64_t word = 0;
  if (count > 0) std::memcpy(&word, bytes, count);
  return word;
}

}  // namespace

// Both factors of a product depend on the name and on the key. The word of a short name is in both:
// no key makes a factor constant.
std::uint64_t hash_name(std::string_view name, HashKey key) noexcept {
  const std::uint64_t mask = key.second ^ second_mix;
  std::uint64_t state = key.first ^ first_mix;
  const char* at = name.data();
  std::size_t left = name.size();
  for (; left > 16; at += 16, left -= 16)
    state = fold(load(at, 8) ^ mask, load(at + 8, 8) ^ state);
  if (left > 8) {
    state = fold(load(at, 8) ^ mask, load(at + left - 8, 8) ^ state);
  } else {
    const std::uint64_t word = load(at, left);
    state = fold(word ^ mask, word * second_mix ^ state);
  }
  return fold(state ^ name.size() * first_mix, last_mix);
}

NameIndex::NameIndex(std::size_t count) : key_{random_bits(), random_bits()} {
  const std::size_t size = std::bit_ceil(count * 2 + 1);
  mask_ = size - 1;
  slots_.assign(size, Slot{0, none});
}

}  // namespace st
