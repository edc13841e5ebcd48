// Shapes: their form, and products that overflow.
#include "input.h"

namespace corpus {
namespace {

std::string shaped(std::string_view dtype, std::string_view shape, std::string_view offsets,
                   std::size_t data_size) {
  return one({.dtype = "\"" + std::string(dtype) + "\"",
              .shape = std::string(shape),
              .offsets = std::string(offsets)},
             data_size);
}

std::string of_form(std::string_view shape) {
  return one({.shape = std::string(shape)});
}

// `rank` extents of 1 and one of 6.
std::string ones(std::size_t rank) {
  return "[" + repeated("1,", rank) + "6]";
}

}  // namespace

Inputs shape_inputs() {
  return {
      // Form.
      valid("one extent", shaped("I16", "[6]", "[0,12]", 12)),
      valid("three extents", shaped("I16", "[1,2,3]", "[0,12]", 12)),
      valid("a scalar", shaped("I16", "[]", "[0,2]", 2)),
      valid("a scalar of one byte", shaped("U8", "[]", "[0,1]", 1)),
      valid("8 dimensions", of_form(ones(7))),
      valid("9 dimensions", of_form(ones(8))),
      valid("33 dimensions", of_form(ones(32))),
      valid("65 dimensions", of_form(ones(64))),
      valid("256 dimensions", of_form(ones(255))),
      valid("1,000 dimensions", of_form(ones(999))),
      valid("100,000 dimensions", of_form(ones(99'999))),
      refused("a shape of null", of_form("null"), ST_E_SCHEMA),
      refused("a shape that is a number", of_form("6"), ST_E_SCHEMA),
      refused("a shape that is a string", of_form("\"[3,2]\""), ST_E_SCHEMA),
      refused("a shape that is true", of_form("true"), ST_E_SCHEMA),
      refused("a shape that is an object", of_form("{\"0\":3,\"1\":2}"), ST_E_SCHEMA),
      refused("a shape that is an empty object", of_form("{}"), ST_E_SCHEMA),
      refused("a shape of arrays", of_form("[[3],[2]]"), ST_E_SCHEMA),
      refused("a shape in an array", of_form("[[3,2]]"), ST_E_SCHEMA),
      refused("a shape of strings", of_form("[\"3\",\"2\"]"), ST_E_SCHEMA),
      refused("a shape with null in it", of_form("[6,null]"), ST_E_SCHEMA),

      // No elements.
      valid("an extent of 0", shaped("I16", "[0]", "[0,0]", 0)),
      valid("0 last", shaped("I16", "[7,0]", "[0,0]", 0)),
      valid("0 first", shaped("I16", "[0,7]", "[0,0]", 0)),
      valid("0 and nothing else", shaped("I16", "[0,0,0]", "[0,0]", 0)),
      valid("0 before 2^64 - 1", shaped("U64", "[0,18446744073709551615]", "[0,0]", 0)),
      valid("0 before two that do not fit",
            shaped("F32", "[0,9223372036854775808,9223372036854775808]", "[0,0]", 0)),
      valid("0 after 2^64 - 1", shaped("F32", "[18446744073709551615,0]", "[0,0]", 0)),
      valid("0 between two that do not fit",
            shaped("F32", "[9223372036854775808,0,9223372036854775808]", "[0,0]", 0)),
      refused("0 after two that do not fit", shaped("F32", "[9223372036854775808,2,0]", "[0,0]", 0),
              ST_E_OVERFLOW),
      refused("0 elements with bytes", shaped("I16", "[0]", "[0,2]", 2), ST_E_SIZE_MISMATCH),
      refused("a scalar without bytes", shaped("I16", "[]", "[0,0]", 0), ST_E_SIZE_MISMATCH),

      // Products beyond 64 bits, of elements, bits or bytes.
      refused("2^32 times 2^32", shaped("U8", "[4294967296,4294967296]", "[0,0]", 0),
              ST_E_OVERFLOW),
      refused("a product that wraps to 0", shaped("U8", "[9223372036854775808,2]", "[0,0]", 0),
              ST_E_OVERFLOW),
      refused("a product that wraps to the size of the data",
              shaped("U8", "[3,12297829382473034418]", "[0,6]", 6), ST_E_OVERFLOW),
      refused("three extents that wrap to 2 elements",
              shaped("I16", "[4294967297,4294967295,2]", "[0,4]", 4), ST_E_OVERFLOW),
      refused("2 times 2^64 - 1", shaped("U8", "[2,18446744073709551615]", "[0,12]", 12),
              ST_E_OVERFLOW),
      refused("2^64 - 1 times 2^64 - 1",
              shaped("U8", "[18446744073709551615,18446744073709551615]", "[0,1]", 1),
              ST_E_OVERFLOW),
      refused("2^64 - 1 elements of 8 bits", shaped("U8", "[18446744073709551615]", "[0,12]", 12),
              ST_E_OVERFLOW),
      refused("2^61 elements of 8 bits", shaped("I8", "[2305843009213693952]", "[0,12]", 12),
              ST_E_OVERFLOW),
      refused("2^60 elements of 16 bits", shaped("I16", "[1152921504606846976]", "[0,12]", 12),
              ST_E_OVERFLOW),
      refused("2^59 elements of 32 bits that would be 0 bits wrapped",
              shaped("F32", "[576460752303423488]", "[0,0]", 0), ST_E_OVERFLOW),
      refused("2^58 elements of 64 bits", shaped("I64", "[288230376151711744]", "[0,12]", 12),
              ST_E_OVERFLOW),
      refused("2^62 elements of 4 bits", shaped("F4", "[4611686018427387904]", "[0,12]", 12),
              ST_E_OVERFLOW),
      refused("2^64 / 6 elements of 6 bits, rounded up",
              shaped("F6_E2M3", "[3074457345618258604]", "[0,12]", 12), ST_E_OVERFLOW),
      refused("the most elements of 8 bits that can be counted",
              shaped("U8", "[2305843009213693951]", "[0,12]", 12), ST_E_SIZE_MISMATCH),
      refused("as many, with offsets to match",
              shaped("U8", "[2305843009213693951]", "[0,2305843009213693951]", 12), ST_E_COVERAGE),
      refused("the most elements of 64 bits that can be counted",
              shaped("F64", "[288230376151711743]", "[0,2305843009213693944]", 12), ST_E_COVERAGE),

      // Sizes that are merely wrong.
      refused("an element too many", shaped("I16", "[7]", "[0,12]", 12), ST_E_SIZE_MISMATCH),
      refused("an element too few", shaped("I16", "[5]", "[0,12]", 12), ST_E_SIZE_MISMATCH),
      refused("half an element too many", shaped("I16", "[6]", "[0,13]", 13), ST_E_SIZE_MISMATCH),
      refused("bytes counted as elements", shaped("I16", "[12]", "[0,12]", 12), ST_E_SIZE_MISMATCH),
  };
}

}  // namespace corpus
