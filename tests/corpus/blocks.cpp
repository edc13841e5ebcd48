// Block boundaries: SIMD parsers read 64 bytes at a time, so each fault is placed at every offset
// in more than two blocks.
#include "input.h"

namespace corpus {
namespace {

constexpr std::size_t places = 140;

std::string named(std::string_view name) {
  return one({.name = "\"" + std::string(name) + "\""});
}

std::string at(std::size_t place) {
  return " at place " + std::to_string(place);
}

}  // namespace

Inputs block_inputs() {
  Inputs inputs;
  for (std::size_t place = 0; place < places; ++place) {
    const std::string before(place, 'n');
    const std::string spaces(place, ' ');
    const std::string slashes = repeated("\\\\", place / 2);

    inputs.push_back(valid("a name that ends" + at(place), named(before)));
    inputs.push_back(
        valid("a character of four bytes" + at(place), named(before + "\xF0\x9F\x98\x80")));
    inputs.push_back(valid("an escaped quote" + at(place), named(before + "\\\"")));
    inputs.push_back(valid("a surrogate pair" + at(place), named(before + "\\uD83D\\uDE00")));
    inputs.push_back(valid("backslashes up to" + at(place), named(slashes)));
    inputs.push_back(valid("padding up to" + at(place), file("{}" + spaces)));
    inputs.push_back(valid("a value" + at(place), one({.shape = "[3," + spaces + "2]"})));

    inputs.push_back(refused("a raw newline" + at(place), named(before + "\n"), ST_E_JSON));
    inputs.push_back(
        refused("half a surrogate pair" + at(place), named(before + "\\uD83D"), ST_E_JSON));
    inputs.push_back(refused("an odd backslash" + at(place), named(slashes + "\\q"), ST_E_JSON));
    inputs.push_back(
        refused("an overlong slash" + at(place), named(before + "\xC0\xAF"), ST_E_UTF8));
    inputs.push_back(
        refused("half a character" + at(place), named(before + "\xF0\x9F"), ST_E_UTF8));
    inputs.push_back(refused("the end inside a name" + at(place), file("{\"" + before), ST_E_JSON));
    inputs.push_back(refused("the end inside a character" + at(place),
                             file("{\"" + before + "\xE2\x82"), ST_E_UTF8));
    inputs.push_back(
        refused("garbage after padding" + at(place), file("{}" + spaces + "q"), ST_E_JSON));
    inputs.push_back(
        refused("two values" + at(place), one({.shape = "[3,2" + spaces + " 2]"}), ST_E_JSON));
  }
  return inputs;
}

}  // namespace corpus
