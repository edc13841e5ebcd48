#include "format/json_diagnostics.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace st;

TEST_CASE("a text that is JSON has no error") {
  for (const std::string text :
       {"{}", " [ ] ", "null", "\"a\"", "-1.5e+3",
        R"({"a":[1,{"b":{}},[]],"c":"\u00e9\ud83d\ude00\n"})", "0", "[true,false]"}) {
    CAPTURE(text);
    CHECK(find_json_error(text).expected == nullptr);
  }
}

TEST_CASE("the first byte that cannot be right is found") {
  struct Case {
    std::string text;
    std::size_t at;
  };
  for (const Case& c : {Case{"", 0},    {"  ", 2},          {"{", 1},           {"{]", 1},
                        {"[1,]", 3},    {"{\"a\" 1}", 5},   {"{\"a\":1,}", 7},  {"{\"a\":{},}", 8},
                        {"[[],]", 4},   {"[1 2]", 3},       {"{}x", 2},         {"01", 1},
                        {"1.", 2},      {"1e", 2},          {"-", 1},           {"nul", 0},
                        {"\"\\x\"", 2}, {"\"\\u00g0\"", 5}, {"\"\\ud800\"", 7}, {"\"\\udc00\"", 7},
                        {"\"\n\"", 1},  {"\"abc", 4},       {"[[[", 3},         {"{1:2}", 1}}) {
    CAPTURE(c.text);
    const JsonError error = find_json_error(c.text);
    CHECK(error.expected != nullptr);
    CHECK(error.at == c.at);
  }
}

TEST_CASE("nesting ends at 127 levels") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(find_json_error(nested(127)).expected == nullptr);
  CHECK(find_json_error(nested(128)).at == 127);
  CHECK(find_json_error(std::string(1'000'000, '[')).at == 127);
}

TEST_CASE("errors in long strings and white space are found at every offset") {
  for (std::size_t length = 0; length < 40; ++length) {
    const std::string plain(length, '\x7f'), space(length, ' ');
    CAPTURE(length);
    CHECK(find_json_error('"' + plain + "\xc3\xa9\"").expected == nullptr);
    CHECK(find_json_error('"' + plain + "\x1f" + plain + '"').at == 1 + length);
    CHECK(find_json_error('"' + plain + "\\x" + plain + '"').at == 2 + length);
    CHECK(find_json_error('"' + plain + '"' + ' ' + 'x').at == 3 + length);
    CHECK(find_json_error('"' + plain).at == 1 + length);
    CHECK(find_json_error('[' + space + '1' + space + ']' + space).expected == nullptr);
    CHECK(find_json_error('[' + space + 'x').at == 1 + length);
  }
}
