// JSON strings: UTF-8, control characters, escapes.
#include "input.h"

namespace corpus {
namespace {

// A name is used, a metadata value kept, an ignored value dropped: all three are validated.
std::string in_name(std::string_view raw) {
  return one({.name = "\"" + std::string(raw) + "\""});
}

std::string in_metadata(std::string_view raw) {
  return file("{\"__metadata__\":{\"k\":\"" + std::string(raw) + "\"}," + member({}) + "}",
              entry_size);
}

std::string in_ignored(std::string_view raw) {
  return one({.before = "\"note\":\"" + std::string(raw) + "\","});
}

std::string in_ignored_name(std::string_view raw) {
  return one({.before = "\"" + std::string(raw) + "\":0,"});
}

struct Sample {
  const char* name;
  std::string raw;
};

const std::vector<Sample>& not_utf8() {
  static const std::vector<Sample> samples = {
      {"a lone continuation byte", "\x80"},
      {"the last continuation byte", "\xBF"},
      {"a lead byte and no more", "\xC3"},
      {"a lead byte before ASCII", "\xC3q"},
      {"a slash in two bytes", "\xC0\xAF"},
      {"a NUL in two bytes", "\xC0\x80"},
      {"the largest two-byte form of ASCII", "\xC1\xBF"},
      {"a slash in three bytes", "\xE0\x80\xAF"},
      {"the largest three-byte form of two", "\xE0\x9F\xBF"},
      {"a slash in four bytes", "\xF0\x80\x80\xAF"},
      {"the largest four-byte form of three", "\xF0\x8F\xBF\xBF"},
      {"the first surrogate", "\xED\xA0\x80"},
      {"the last surrogate", "\xED\xBF\xBF"},
      {"a pair of surrogates", "\xED\xA0\xBD\xED\xB8\x80"},
      {"one beyond the last code point", "\xF4\x90\x80\x80"},
      {"a lead byte for 2^21", "\xF8\x88\x80\x80\x80"},
      {"byte FE", "\xFE"},
      {"byte FF", "\xFF"},
      {"two of three bytes", "\xE2\x82"},
      {"three of four bytes", "\xF0\x9F\x98"},
      {"Latin-1", "caf\xE9"},
  };
  return samples;
}

const std::vector<Sample>& not_a_string() {
  using namespace std::string_literals;
  static const std::vector<Sample> samples = {
      {"a raw NUL", "\0"s},
      {"a raw tab", "\t"},
      {"a raw newline", "\n"},
      {"a raw carriage return", "\r"},
      {"a raw escape character", "\x1B"},
      {"a raw unit separator", "\x1F"},
      {"a hexadecimal escape", "\\x57"},
      {"an octal escape", "\\127"},
      {"an escaped apostrophe", "\\'"},
      {"an escaped NUL in C's way", "\\0"},
      {"an alarm", "\\a"},
      {"a vertical tab in C's way", "\\v"},
      {"a capital U escape", "\\U0057"},
      {"an escaped space", "\\ "},
      {"an escape of a UTF-8 character", "\\\xC3\xA9"},
      {"an escape with no digits", "\\u"},
      {"an escape with three digits", "\\u005"},
      {"an escape with a letter beyond F", "\\u005G"},
      {"an escape in braces", "\\u{57}"},
      {"an escape with a sign", "\\u+057"},
      {"an escape with a space", "\\u 057"},
      {"a high surrogate alone", "\\uD800"},
      {"the last high surrogate alone", "\\uDBFF"},
      {"a low surrogate alone", "\\uDC00"},
      {"the last low surrogate alone", "\\uDFFF"},
      {"a high surrogate before a letter", "\\uD83Dw"},
      {"a high surrogate before another escape", "\\uD83D\\n"},
      {"a high surrogate before a common code", "\\uD83D\\u0057"},
      {"two high surrogates", "\\uD83D\\uD83D"},
      {"a pair the wrong way round", "\\uDE00\\uD83D"},
      {"a high surrogate before half an escape", "\\uD83D\\u"},
  };
  return samples;
}

const std::vector<Sample>& strings() {
  static const std::vector<Sample> samples = {
      {"every short escape", "\\\"\\\\\\/\\b\\f\\n\\r\\t"},
      {"an escaped NUL", "a\\u0000b"},
      {"the last ASCII character", "\x7F"},
      {"an escaped last ASCII character", "\\u007F"},
      {"hexadecimal digits of both cases", "\\u00e9\\u00E9"},
      {"a surrogate pair", "\\uD83D\\uDE00"},
      {"a surrogate pair in small letters", "\\ud83d\\ude00"},
      {"the last code point, escaped", "\\uDBFF\\uDFFF"},
      {"the first code point of two bytes", "\xC2\x80"},
      {"the first code point of three bytes", "\xE0\xA0\x80"},
      {"the last before the surrogates", "\xED\x9F\xBF"},
      {"the first after the surrogates", "\xEE\x80\x80"},
      {"the first code point of four bytes", "\xF0\x90\x80\x80"},
      {"the last code point", "\xF4\x8F\xBF\xBF"},
      {"noncharacters", "\xEF\xBF\xBE\xEF\xBF\xBF\\uFFFE\\uFFFF"},
      {"a byte order mark", "\xEF\xBB\xBF"},
      {"line and paragraph separators", "\xE2\x80\xA8\xE2\x80\xA9"},
      {"JSON", "{\\\"a\\\":[1,2]}"},
  };
  return samples;
}

}  // namespace

Inputs string_inputs() {
  Inputs inputs;
  const auto add_refused = [&](const std::vector<Sample>& samples, st_status status) {
    for (const auto& [name, raw] : samples) {
      const std::string what = name;
      inputs.push_back(refused(what + " in a name", in_name(raw), status));
      inputs.push_back(refused(what + " in metadata", in_metadata(raw), status));
      inputs.push_back(refused(what + " in an ignored field", in_ignored(raw), status));
      inputs.push_back(refused(what + " in an ignored name", in_ignored_name(raw), status));
    }
  };
  add_refused(not_utf8(), ST_E_UTF8);
  add_refused(not_a_string(), ST_E_JSON);
  for (const auto& [name, raw] : strings()) {
    const std::string what = name;
    inputs.push_back(valid(what + " in a name", in_name(raw)));
    inputs.push_back(valid(what + " in metadata", in_metadata(raw)));
    inputs.push_back(loose(what + " in an ignored field", in_ignored(raw)));
    inputs.push_back(loose(what + " in an ignored name", in_ignored_name(raw)));
  }
  inputs.push_back(refused("a header of byte FF", file("\xFF"), ST_E_UTF8));
  inputs.push_back(
      refused("a header that ends inside a character", file("{\"\xE2\x82"), ST_E_UTF8));
  inputs.push_back(refused("a name that does not end", file("{\"w"), ST_E_JSON));
  inputs.push_back(refused("a name that ends in a backslash", file("{\"w\\"), ST_E_JSON));
  inputs.push_back(refused("a name that ends in an escaped quote", file("{\"w\\\""), ST_E_JSON));
  inputs.push_back(refused("what is neither JSON nor UTF-8", file("\xFFnone"), ST_E_UTF8));
  inputs.push_back(refused("JSON's fault before UTF-8's", file("none\xFF"), ST_E_UTF8));
  return inputs;
}

}  // namespace corpus
