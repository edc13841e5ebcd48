#include "format/metadata_range.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace st;

namespace {

// The content of the value's JSON string, or "absent".
std::string value_of(std::string_view text, std::string_view key) {
  const auto range = find_metadata_value(text, key);
  return range ? std::string(text.substr(range->offset, range->size)) : "absent";
}

}  // namespace

TEST_CASE("a metadata value is found as it is spelled in the header") {
  const std::string text = R"({"__metadata__":{"a":"1","b":"say \"\u00e9\"","":""},"t":{}})";
  CHECK(value_of(text, "a") == "1");
  CHECK(value_of(text, "b") == R"(say \"\u00e9\")");
  CHECK(value_of(text, "").empty());
  CHECK(find_metadata_value(text, "a")->offset == text.find('1'));
}

TEST_CASE("metadata behind tensors is found, white space around every token") {
  const std::string text =
      "\n{ \"__metadata\" : { \"k\" : [ \"}\\\"\" , { } , 1.5e3 , null ] } , \"n\" : -1 ,\t\"s\" : "
      "\"{\" , \"__metadata__\" : { \"j\" : \"0\" , \"k\" : \"v\" } } ";
  CHECK(value_of(text, "k") == "v");
  CHECK(value_of(text, "j") == "0");
}

TEST_CASE("keys are compared decoded") {
  const std::string text =
      R"({"\u005f_metadata\u005F_":{"\u0061\/\n\ud83d\ude00\u00e9\u20ac\"":"v"}})";
  CHECK(value_of(text, "a/\n\xf0\x9f\x98\x80\xc3\xa9\xe2\x82\xac\"") == "v");
  CHECK(value_of(text, "a/\n\xf0\x9f\x98\x81\xc3\xa9\xe2\x82\xac\"") == "absent");
  CHECK(value_of(text, "a") == "absent");
  CHECK(value_of(text, R"(\u0061)") == "absent");
  CHECK(value_of(std::string(R"({"__metadata__":{"a\u0000b":"v","a":"w"}})"),
                 std::string_view("a\0b", 3)) == "v");
}

TEST_CASE("an absent key has no range") {
  for (const char* text :
       {"{}", R"({"__metadata__":null})", R"({"__metadata__":{}})", R"({"k":{"k":"v"}})",
        R"({"__metadata__":{"kk":"v","K":"k"}})", R"({"t":{"__metadata__":{"k":"v"}}})"}) {
    CAPTURE(text);
    CHECK(value_of(text, "k") == "absent");
  }
}

TEST_CASE("a text that is cut anywhere is not read beyond its end") {
  const std::string text = R"({"t":[1,{"x":"\\"}],"__metadata__":{"\ud83d\ude00":"\u00e9"}})";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string cut = text.substr(0, size);  // of its own, so that a sanitizer sees its end
    const auto range = find_metadata_value(cut, "\xf0\x9f\x98\x80");
    CAPTURE(size);
    CHECK((!range || range->offset + range->size <= size));
    CHECK(range.has_value() == (size >= text.size() - 2));
  }
}
