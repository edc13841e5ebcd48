#include "utf8.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace st;

TEST_CASE("every code point but the surrogates is well formed, and nothing shorter than it is") {
  for (unsigned code = 0; code <= 0x10FFFF; ++code) {
    std::string bytes;
    if (code < 0x80) {
      bytes = {static_cast<char>(code)};
    } else if (code < 0x800) {
      bytes = {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
    } else if (code < 0x10000) {
      bytes = {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
               static_cast<char>(0x80 | (code & 63))};
    } else {
      bytes = {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 63)),
               static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
    }
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    const bool right = utf8_sequence_length(bytes) == (surrogate ? 0 : bytes.size());
    const bool cut =
        bytes.size() > 1 && utf8_sequence_length(bytes.substr(0, bytes.size() - 1)) != 0;
    if (!right || cut) {
      CAPTURE(code);
      REQUIRE(right);
      REQUIRE_FALSE(cut);
    }
  }
}

TEST_CASE("overlong, too large and stray bytes are not well formed") {
  for (const std::string bytes :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\x80", "\xBF", "\xFE", "\xFF", "\xC3(", "\xE2\x82(", "\xED\xA0\x80"}) {
    CHECK(utf8_sequence_length(bytes) == 0);
  }
}

TEST_CASE("the first invalid byte is found wherever it lies") {
  for (std::size_t before = 0; before < 40; ++before) {
    const std::string good(before, 'a');
    CHECK(utf8_invalid_at(good) == before);
    CHECK(utf8_invalid_at(good + "\xff" + "tail and more of it") == before);
    CHECK(utf8_invalid_at(good + "\xc3\xa9" + std::string(9, 'b') + "\x80") == before + 11);
    CHECK(utf8_invalid_at(good + "\xe2\x82") == before);
  }
}
