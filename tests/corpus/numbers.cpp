// How a number is spelled. Where the format wants an integer it is plain digits that fit 64 bits; a
// number that is ignored may be anything that JSON has and a double can hold.
#include "input.h"

namespace corpus {
namespace {

struct Spelling {
  const char* text;
  st_status status;  // where an integer is wanted
};

const std::vector<Spelling>& not_integers() {
  static const std::vector<Spelling> spellings = {
      // JSON's, but no integer that can be used.
      {"-0", ST_E_SCHEMA},
      {"-1", ST_E_SCHEMA},
      {"-3", ST_E_SCHEMA},
      {"-9223372036854775808", ST_E_SCHEMA},
      {"-9223372036854775809", ST_E_SCHEMA},
      {"0.0", ST_E_SCHEMA},
      {"3.0", ST_E_SCHEMA},
      {"3.5", ST_E_SCHEMA},
      {"-0.0", ST_E_SCHEMA},
      {"3e0", ST_E_SCHEMA},
      {"3E0", ST_E_SCHEMA},
      {"3e+0", ST_E_SCHEMA},
      {"3e-0", ST_E_SCHEMA},
      {"0.3e1", ST_E_SCHEMA},
      {"30e-1", ST_E_SCHEMA},
      {"-0e0", ST_E_SCHEMA},
      {"18446744073709551616", ST_E_SCHEMA},
      {"18446744073709551619", ST_E_SCHEMA},
      {"184467440737095516160", ST_E_SCHEMA},
      {"340282366920938463463374607431768211459", ST_E_SCHEMA},
      {"\"3\"", ST_E_SCHEMA},
      {"\"\"", ST_E_SCHEMA},
      {"true", ST_E_SCHEMA},
      {"false", ST_E_SCHEMA},
      {"null", ST_E_SCHEMA},
      {"[]", ST_E_SCHEMA},
      {"[3]", ST_E_SCHEMA},
      {"{}", ST_E_SCHEMA},
      {"{\"3\":3}", ST_E_SCHEMA},
      // Not JSON's.
      {"03", ST_E_JSON},
      {"00", ST_E_JSON},
      {"003", ST_E_JSON},
      {"-03", ST_E_JSON},
      {"-", ST_E_JSON},
      {"--3", ST_E_JSON},
      {"- 3", ST_E_JSON},
      {"+3", ST_E_JSON},
      {"3.", ST_E_JSON},
      {".3", ST_E_JSON},
      {"3.e0", ST_E_JSON},
      {"3e", ST_E_JSON},
      {"3e+", ST_E_JSON},
      {"3e0.5", ST_E_JSON},
      {"0x3", ST_E_JSON},
      {"0b11", ST_E_JSON},
      {"0o3", ST_E_JSON},
      {"3u", ST_E_JSON},
      {"3L", ST_E_JSON},
      {"3 0", ST_E_JSON},
      {"3_0", ST_E_JSON},
      {"3'0", ST_E_JSON},
      {"\xD9\xA3", ST_E_JSON},      // a digit of another script
      {"\xEF\xBC\x93", ST_E_JSON},  // a wide digit
      {"NaN", ST_E_JSON},
      {"nan", ST_E_JSON},
      {"inf", ST_E_JSON},
      {"Infinity", ST_E_JSON},
      {"-Infinity", ST_E_JSON},
      {"None", ST_E_JSON},
      {"1e309", ST_E_JSON},
      {"-1e309", ST_E_JSON},
  };
  return spellings;
}

// What a double holds, or not.
const char* const ignored_numbers[] = {
    "0",
    "-0",
    "-0.0",
    "-0e9",
    "1e308",
    "-1e308",
    "1.7976931348623157e308",
    // Larger than the largest double, but not once the significand is cut to 64 bits.
    "1.79769313486231581e308",
    "-1.79769313486231581e308",
    "1.7976931348623158079e307",
    "2.47032822920623272082e-324",
    "1e-400",
    "1e-99999999999999999999",
    "0e99999999999999999999",
    // An integer digit that does not fit 64 bits is dropped; the first digit of the fraction fits.
    "18446744073709551619.3",
    "0e999",
    "0.0e99999",
    "5e-324",
    "1E+2",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "99999999999999999999999999999999999999",
    "1.00000000000000000000000000000000000000000000000000001",
    "0.00000000000000000000000000000000000000000000000000000000000001",
};
const char* const too_large_numbers[] = {
    "1e309",
    "-1e309",
    "1e999",
    "2e308",
    "1e99999999999999999999",
    "-1e2147483648",
    "0.1e310",
    // The reference multiplies digits and power, each a double, and comes to infinity a little
    // early.
    "1.7976931348623158e308",
    "1.797693134862315807e308",
    "1.79769313486231580793728971405e308",
    "179769313486231580793728971405e279",
    "-1.7976931348623158e308",
};

std::string dimension(std::string_view number) {
  return one({.shape = "[" + std::string(number) + ",2]"});
}

std::string begin_at(std::string_view number) {
  return one({.offsets = "[" + std::string(number) + ",12]"});
}

std::string end_at(std::string_view number) {
  return one({.offsets = "[0," + std::string(number) + "]"});
}

std::string ignored(std::string_view number) {
  return one({.before = "\"note\":" + std::string(number) + ","});
}

std::string ignored_in_array(std::string_view number) {
  return one({.after = ",\"note\":[1," + std::string(number) + " ]"});
}

}  // namespace

Inputs number_inputs() {
  Inputs inputs;
  for (const auto& [text, status] : not_integers()) {
    const std::string spelled = text;
    inputs.push_back(refused("an extent spelled " + spelled, dimension(spelled), status));
    inputs.push_back(refused("a begin spelled " + spelled, begin_at(spelled), status));
    inputs.push_back(refused("an end spelled " + spelled, end_at(spelled), status));
    // An empty tensor, so that only the spelling can be wrong.
    inputs.push_back(refused("an extent of nothing spelled " + spelled,
                             one({.shape = "[0," + spelled + "]", .offsets = "[0,0]"}, 0), status));
  }
  for (const char* text : ignored_numbers) {
    inputs.push_back(loose(std::string("an ignored ") + text, ignored(text)));
    inputs.push_back(loose(std::string("an ignored array with ") + text, ignored_in_array(text)));
  }
  for (const char* text : too_large_numbers) {
    inputs.push_back(refused(std::string("an ignored ") + text, ignored(text), ST_E_JSON));
  }
  const std::string ones(308, '1'), nines(400, '9'), zeros(1000, '0');
  inputs.push_back(loose("an ignored integer of 308 digits", ignored(ones)));
  inputs.push_back(
      loose("an ignored -0 beside large ones", ignored("[-0," + ones + ",-0,-" + ones + "]")));
  inputs.push_back(loose("an ignored fraction of 1,000 digits", ignored("0." + zeros + "1")));
  inputs.push_back(loose("an ignored 1e308 in 1,300 digits", ignored(ones + "." + zeros + "e-0")));
  inputs.push_back(refused("an ignored integer of 400 digits", ignored(nines), ST_E_JSON));
  inputs.push_back(refused("an extent of 400 digits", dimension(nines), ST_E_JSON));
  inputs.push_back(refused("an extent of 308 digits", dimension(ones), ST_E_SCHEMA));
  inputs.push_back(valid("-0 inside a name", one({.name = "\"-0,-0\""})));
  inputs.push_back(valid("a number too large inside a name", one({.name = "\"[" + nines + "]\""})));
  inputs.push_back(loose("-0 inside an ignored string", ignored("\"\\\"-0\"")));
  return inputs;
}

}  // namespace corpus
