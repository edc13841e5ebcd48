// JSON syntax: valid text and near misses.
#include "input.h"

namespace corpus {
namespace {

// The header of one tensor with something before and after it.
std::string around(std::string_view before, std::string_view after) {
  return file(std::string(before) + header({member({})}) + std::string(after), entry_size);
}

std::string replaced(std::string_view what, std::string_view with) {
  std::string text = header({member({})});
  text.replace(text.find(what), what.size(), with);
  return file(text, entry_size);
}

std::string unknown(std::string_view value) {
  return one({.before = "\"note\":" + std::string(value) + ","});
}

std::string as_utf16(std::string_view text) {
  std::string wide;
  for (const char c : text) {
    wide += c;
    wide += '\0';
  }
  return wide;
}

}  // namespace

Inputs json_inputs() {
  using namespace std::string_literals;
  const std::string text = header({member({})});
  return {
      // Around the object.
      valid("spaces after the object", around("", "       ")),
      loose("a space before the object", around(" ", "")),
      loose("a newline before the object", around("\n", "")),
      loose("a tab before the object", around("\t", "")),
      loose("a carriage return and a newline before the object", around("\r\n", "")),
      loose("a newline after the object", around("", "\n")),
      loose("a tab after the object", around("", "\t")),
      loose("a carriage return after the object", around("", "\r")),
      loose("all of JSON's white space after the object", around("", " \t \n \r")),
      loose("a newline between spaces after the object", around("", "  \n  ")),
      refused("a NUL after the object", around("", "\0"s), ST_E_JSON),
      refused("NULs as padding", around("", "\0\0\0\0\0\0\0"s), ST_E_JSON),
      refused("a NUL before the object", around("\0"s, ""), ST_E_JSON),
      refused("a form feed after the object", around("", "\f"), ST_E_JSON),
      refused("a vertical tab after the object", around("", "\v"), ST_E_JSON),
      refused("a vertical tab before the object", around("\v", ""), ST_E_JSON),
      refused("a no-break space after the object", around("", "\xC2\xA0"), ST_E_JSON),
      refused("an ideographic space after the object", around("", "\xE3\x80\x80"), ST_E_JSON),
      refused("a next line character after the object", around("", "\xC2\x85"), ST_E_JSON),
      refused("a line separator after the object", around("", "\xE2\x80\xA8"), ST_E_JSON),
      refused("a letter after the object", around("", "q"), ST_E_JSON),
      refused("a comma after the object", around("", ","), ST_E_JSON),
      refused("a brace after the object", around("", "}"), ST_E_JSON),
      refused("a second object", around("", " {}"), ST_E_JSON),
      refused("a byte order mark", around("\xEF\xBB\xBF", ""), ST_E_JSON),
      refused("a byte order mark alone", file("\xEF\xBB\xBF"), ST_E_JSON),
      refused("half a byte order mark", around("\xEF\xBB", ""), ST_E_UTF8),
      refused("UTF-16, low byte first", file(as_utf16(text), entry_size), ST_E_JSON),
      refused("UTF-16 with its mark", file("\xFF\xFE" + as_utf16(text), entry_size), ST_E_UTF8),

      // Other types than an object.
      refused("nothing but spaces", file("                "), ST_E_JSON),
      refused("nothing but newlines", file("\n\n\n\n\n\n\n\n"), ST_E_JSON),
      refused("null", file("null"), ST_E_SCHEMA),
      refused("true", file("true    "), ST_E_SCHEMA),
      refused("a string", file("\"w\""), ST_E_SCHEMA),
      refused("an integer", file("42"), ST_E_SCHEMA),
      refused("a float", file("4.2"), ST_E_SCHEMA),
      refused("an empty array", file("[]"), ST_E_SCHEMA),
      refused("an array around the object", around("[", "]"), ST_E_SCHEMA),
      refused("an array of a metadata object", file("[{\"a\":\"b\"}]"), ST_E_SCHEMA),
      refused("a bare word", file("header"), ST_E_JSON),

      // Punctuation.
      valid(
          "spaces wherever they may stand",
          file("{ \"w\" : { \"dtype\" : \"I16\" , \"shape\" : [ 3 , 2 ] , \"data_offsets\" : [ 0 , "
               "12 ] } }",
               entry_size)),
      valid(
          "lines and tabs wherever they may stand",
          file("{\n\t\"w\"\r\n:\t{\"dtype\"\n:\"I16\",\n\"shape\":[\t3,\n2\r],\"data_offsets\":[0,"
               "\n12\n]\n}\n}",
               entry_size)),
      refused("a comma before the first member", replaced("{\"w\"", "{,\"w\""), ST_E_JSON),
      refused("a comma after the last member", replaced("}}", "},}"), ST_E_JSON),
      refused("a comma after the last field", replaced("]}}", "],}}"), ST_E_JSON),
      refused("a comma after the last extent", replaced("3,2]", "3,2,]"), ST_E_JSON),
      refused("a comma before the first extent", replaced("[3", "[,3"), ST_E_JSON),
      refused("two commas between extents", replaced("3,2", "3,,2"), ST_E_JSON),
      refused("two commas between fields", replaced(",\"shape\"", ",,\"shape\""), ST_E_JSON),
      refused("no comma between fields", replaced(",\"shape\"", "\"shape\""), ST_E_JSON),
      refused("no comma between extents", replaced("3,2", "3 2"), ST_E_JSON),
      refused("a semicolon between fields", replaced(",\"shape\"", ";\"shape\""), ST_E_JSON),
      refused("no colon after a name", replaced("\"w\":", "\"w\" "), ST_E_JSON),
      refused("two colons after a name", replaced("\"w\":", "\"w\"::"), ST_E_JSON),
      refused("an equals sign for a colon", replaced("\"w\":", "\"w\"="), ST_E_JSON),
      refused("a name without a value", replaced("{\"w\"", "{\"v\",\"w\""), ST_E_JSON),
      refused("a value without a name", replaced("{\"w\"", "{{},\"w\""), ST_E_JSON),
      refused("a shape that is not closed", replaced("2]", "2"), ST_E_JSON),
      refused("a shape closed by a brace", replaced("2]", "2}"), ST_E_JSON),
      refused("a shape closed twice", replaced("2]", "2]]"), ST_E_JSON),
      refused("an object that is not closed", replaced("}}", "}"), ST_E_JSON),
      refused("an object closed by a bracket", replaced("}}", "}]"), ST_E_JSON),
      refused("single quotes", replaced("\"w\"", "'w'"), ST_E_JSON),
      refused("a name without quotes", replaced("\"w\"", "w"), ST_E_JSON),
      refused("a number for a name", replaced("\"w\"", "1"), ST_E_JSON),
      refused("null for a name", replaced("\"w\"", "null"), ST_E_JSON),
      refused("curly quotes", replaced("\"w\"", "\xE2\x80\x9Cw\xE2\x80\x9D"), ST_E_JSON),
      refused("a comment of a block", replaced("{\"w\"", "{/* w */\"w\""), ST_E_JSON),
      refused("a comment to the end of the line", replaced("{\"w\"", "{// w\n\"w\""), ST_E_JSON),
      refused("a comment with a hash", replaced("{\"w\"", "{# w\n\"w\""), ST_E_JSON),
      refused("a NUL between fields", replaced(",\"shape\"", ",\0\"shape\""s), ST_E_JSON),

      // Ignored fields must be valid JSON, too.
      loose("an ignored object", unknown("{\"a\":[1,2,{\"b\":null}],\"a\":true}")),
      loose("an ignored false", unknown("false")),
      loose("an ignored empty name", one({.before = "\"\":0,"})),
      refused("an ignored NaN", unknown("NaN"), ST_E_JSON),
      refused("an ignored Infinity", unknown("Infinity"), ST_E_JSON),
      refused("an ignored -Infinity", unknown("-Infinity"), ST_E_JSON),
      refused("an ignored undefined", unknown("undefined"), ST_E_JSON),
      refused("an ignored half of null", unknown("nul"), ST_E_JSON),
      refused("an ignored True", unknown("True"), ST_E_JSON),
      refused("an ignored word that begins like true", unknown("trueish"), ST_E_JSON),
      refused("an ignored nothing", unknown(""), ST_E_JSON),
      refused("ignored brackets that do not match", unknown("[2}"), ST_E_JSON),
      refused("ignored braces that do not match", unknown("{\"a\":2]"), ST_E_JSON),
      refused("an ignored comma too many", unknown("[2,]"), ST_E_JSON),
      refused("an ignored object without values", unknown("{\"a\"}"), ST_E_JSON),
      refused("an ignored object with a number for a name", unknown("{2:2}"), ST_E_JSON),
  };
}

}  // namespace corpus
