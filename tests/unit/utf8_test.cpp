#include "format/utf8.h"

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <string>
#include <string_view>

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

TEST_CASE("a sequence is its character") {
  CHECK(utf8_character("a") == U'a');
  CHECK(utf8_character("\x7f") == 0x7F);
  CHECK(utf8_character("\xc2\x80") == 0x80);
  CHECK(utf8_character("\xdf\xbf") == 0x7FF);
  CHECK(utf8_character("\xe0\xa0\x80") == 0x800);
  CHECK(utf8_character("\xef\xbf\xbf") == 0xFFFF);
  CHECK(utf8_character("\xf0\x90\x80\x80") == 0x10000);
  CHECK(utf8_character("\xf4\x8f\xbf\xbf") == 0x10FFFF);
}

TEST_CASE("invisible characters are distinguished from their neighbours") {
  using namespace std::string_view_literals;
  for (const auto invisible :
       {"\0"sv, "\x1f"sv, "\x7f"sv, "\xc2\x80"sv, "\xc2\x9f"sv, "\xd8\x9c"sv, "\xe2\x80\x8b"sv,
        "\xe2\x80\x8f"sv, "\xe2\x80\xa8"sv, "\xe2\x80\xae"sv, "\xe2\x81\xa0"sv, "\xe2\x81\xaf"sv,
        "\xef\xbb\xbf"sv}) {
    CAPTURE(std::uint32_t(utf8_character(invisible)));
    CHECK(utf8_is_invisible(invisible));
  }
  for (const auto visible :
       {" "sv, "~"sv, "\xc2\xa0"sv, "\xd8\x9b"sv, "\xd8\x9d"sv, "\xe2\x80\x8a"sv, "\xe2\x80\x90"sv,
        "\xe2\x80\xa7"sv, "\xe2\x80\xaf"sv, "\xe2\x81\x9f"sv, "\xe2\x81\xb0"sv, "\xef\xbb\xbe"sv,
        "\xef\xbc\x80"sv, "\xf0\x9f\x98\x80"sv}) {
    CAPTURE(std::uint32_t(utf8_character(visible)));
    CHECK_FALSE(utf8_is_invisible(visible));
  }
}
