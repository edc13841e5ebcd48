#include "format/json_numbers.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace st;

namespace {

std::string rewritten(std::string text) {
  normalize_numbers(text);
  return text;
}

}  // namespace

TEST_CASE("minus zero becomes a number that no size can be") {
  CHECK(rewritten("[-0]") == "[-1]");
  CHECK(rewritten("[-0,-0 ]") == "[-1,-1 ]");
  CHECK(rewritten("-0") == "-1");
}

TEST_CASE("integers beyond 64 bits become floats of the same length and size") {
  CHECK(rewritten("[18446744073709551616]") == "[1.844674407370955e19]");
  CHECK(rewritten("[-9223372036854775809]") == "[-9.22337203685477e18]");
  CHECK(rewritten("1" + std::string(300, '0')) == "1." + std::string(295, '0') + "e300");
}

TEST_CASE("what both readers take alike stays") {
  for (const std::string text :
       {"[0,1,18446744073709551615,-9223372036854775808]", "[-0.0,-0e1,-0E1,-01]", "[0.5e-0]",
        R"({"-0":"-0 18446744073709551616"})", R"({"a\"-0":0})", R"(["\\",0])",
        "[00000000000000000000000]", "-", "", "1e400"}) {
    CHECK(rewritten(text) == text);
  }
}

TEST_CASE("minus zero is noticed anywhere") {
  const auto noticed = [](const std::string& text) { return may_have_negative_zero(text); };
  CHECK(noticed("[-0]"));
  CHECK(noticed("--0"));
  CHECK_FALSE(noticed("[-1,-,0]"));
  CHECK_FALSE(noticed("-"));
  CHECK_FALSE(noticed(""));
}

TEST_CASE("the reference gives up next to the largest double") {
  const auto exceeds = [](const std::string& text) { return exceeds_double_range(text); };
  CHECK_FALSE(exceeds("[1.7976931348623157e308]"));
  CHECK(exceeds("[1.7976931348623158e308]"));
  CHECK(exceeds("[-1.7976931348623158E+308]"));
  CHECK(exceeds("1" + std::string(309, '0')));
  CHECK_FALSE(exceeds("1" + std::string(308, '0')));
  CHECK_FALSE(exceeds(R"(["1e999",0e999,0.0000001e315])"));
}
