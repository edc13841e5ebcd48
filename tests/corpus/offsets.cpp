// data_offsets: their form, and how they cover the data.
#include "input.h"

namespace corpus {
namespace {

std::string of_form(std::string_view offsets) {
  return one({.offsets = std::string(offsets)});
}

std::string none(std::string_view name, std::uint64_t at) {
  return bytes_member(name, at, at);
}

// Eight tensors of 2^61 - 1 bytes and one of `last`: together 2^64 - 8 + last.
std::string near_2_to_64(std::uint64_t last) {
  constexpr std::uint64_t most = (std::uint64_t{1} << 61) - 1;
  std::vector<std::string> members;
  std::uint64_t begin = 0;
  for (int i = 0; i < 8; ++i, begin += most) {
    members.push_back(bytes_member("w" + std::to_string(i), begin, begin + most));
  }
  members.push_back(bytes_member("w8", begin, begin + last));
  return file(header(members));
}

// In order, of `count` bytes each, the last without any.
std::string many(std::size_t count, std::uint64_t bytes) {
  std::vector<std::string> members;
  for (std::size_t i = 0; i < count; ++i) {
    members.push_back(bytes_member("w" + std::to_string(i), i * bytes, (i + 1) * bytes));
  }
  return file(header(members), count * bytes);
}

}  // namespace

Inputs offset_inputs() {
  return {
      // Form.
      refused("no offsets", of_form("[]"), ST_E_SCHEMA),
      refused("one offset", of_form("[12]"), ST_E_SCHEMA),
      refused("three offsets", of_form("[0,12,12]"), ST_E_SCHEMA),
      refused("four offsets", of_form("[0,6,6,12]"), ST_E_SCHEMA),
      refused("offsets of null", of_form("null"), ST_E_SCHEMA),
      refused("offsets that are a number", of_form("12"), ST_E_SCHEMA),
      refused("offsets that are a string", of_form("\"0,12\""), ST_E_SCHEMA),
      refused("offsets that are an object", of_form("{\"begin\":0,\"end\":12}"), ST_E_SCHEMA),
      refused("offsets that are an empty object", of_form("{}"), ST_E_SCHEMA),
      refused("offsets in an array", of_form("[[0,12]]"), ST_E_SCHEMA),
      refused("offsets of strings", of_form("[\"0\",\"12\"]"), ST_E_SCHEMA),
      refused("an offset of null", of_form("[null,12]"), ST_E_SCHEMA),

      // One tensor.
      refused("an end before the begin", of_form("[12,0]"), ST_E_OFFSET),
      refused("a begin that is not 0", one({.offsets = "[1,13]"}, 13), ST_E_OFFSET),
      refused("a begin at the alignment", one({.offsets = "[8,20]"}, 20), ST_E_OFFSET),
      refused("a range behind the data", of_form("[12,24]"), ST_E_OFFSET),
      refused("a begin of 2^64 - 1", of_form("[18446744073709551615,18446744073709551615]"),
              ST_E_OFFSET),
      refused("a range that ends at 2^64 - 1",
              of_form("[18446744073709551603,18446744073709551615]"), ST_E_OFFSET),
      refused("an end of 2^64 - 1", of_form("[0,18446744073709551615]"), ST_E_SIZE_MISMATCH),
      refused("an end of 2^63", of_form("[0,9223372036854775808]"), ST_E_SIZE_MISMATCH),
      refused("an end of 2^63 - 1", of_form("[0,9223372036854775807]"), ST_E_SIZE_MISMATCH),
      refused("an end of 2^32 + 12", of_form("[0,4294967308]"), ST_E_SIZE_MISMATCH),
      refused("offsets counted from the file's first byte", of_form("[80,92]"), ST_E_OFFSET),
      refused("a tensor of the data's first bytes", one({}, 13), ST_E_COVERAGE),
      refused("a tensor beyond the data", one({}, 11), ST_E_COVERAGE),

      // Several tensors.
      valid("two in order", file(header({bytes_member("a", 0, 3), bytes_member("b", 3, 5)}), 5)),
      valid("two the other way round",
            file(header({bytes_member("b", 3, 5), bytes_member("a", 0, 3)}), 5)),
      valid("three in no order", file(header({bytes_member("b", 3, 5), bytes_member("c", 5, 9),
                                              bytes_member("a", 0, 3)}),
                                      9)),
      valid("300 in order", many(300, 3)),
      refused("a hole at the start",
              file(header({bytes_member("a", 1, 3), bytes_member("b", 3, 5)}), 5), ST_E_OFFSET),
      refused("a hole in the middle",
              file(header({bytes_member("a", 0, 3), bytes_member("b", 4, 6)}), 6), ST_E_OFFSET),
      refused("a hole in the middle, the other way round",
              file(header({bytes_member("b", 4, 6), bytes_member("a", 0, 3)}), 6), ST_E_OFFSET),
      refused("a hole at the end",
              file(header({bytes_member("a", 0, 3), bytes_member("b", 3, 5)}), 6), ST_E_COVERAGE),
      refused("the same bytes twice",
              file(header({bytes_member("a", 0, 3), bytes_member("b", 0, 3)}), 3), ST_E_OFFSET),
      refused("the same bytes twice, as much data",
              file(header({bytes_member("a", 0, 3), bytes_member("b", 0, 3)}), 6), ST_E_OFFSET),
      refused("one byte in two tensors",
              file(header({bytes_member("a", 0, 3), bytes_member("b", 2, 5)}), 5), ST_E_OFFSET),
      refused("one tensor inside another",
              file(header({bytes_member("a", 0, 6), bytes_member("b", 2, 4)}), 6), ST_E_OFFSET),
      refused("one tensor at another's start",
              file(header({bytes_member("a", 0, 6), bytes_member("b", 0, 2)}), 6), ST_E_OFFSET),
      refused("a second tensor beyond the data",
              file(header({bytes_member("a", 0, 3), bytes_member("b", 3, 5)}), 4), ST_E_COVERAGE),
      refused("a second range that runs backwards",
              file(header({bytes_member("a", 0, 3), member({.name = "\"b\"",
                                                            .dtype = "\"U8\"",
                                                            .shape = "[1]",
                                                            .offsets = "[3,2]"})}),
                   3),
              ST_E_OFFSET),

      // Empty tensors must be in order, too.
      valid("nothing at the start", file(header({none("z", 0), bytes_member("a", 0, 3)}), 3)),
      valid("nothing at the end", file(header({none("z", 3), bytes_member("a", 0, 3)}), 3)),
      valid("nothing in between",
            file(header({bytes_member("a", 0, 3), none("z", 3), bytes_member("b", 3, 5)}), 5)),
      valid("nothing before, in between and after",
            file(header({none("y", 5), bytes_member("a", 0, 3), none("x", 3),
                         bytes_member("b", 3, 5), none("w", 0), none("z", 5)}),
                 5)),
      valid("nothing but nothing", file(header({none("x", 0), none("y", 0), none("z", 0)}))),
      valid("300 times nothing", many(300, 0)),
      refused("nothing inside a tensor", file(header({bytes_member("a", 0, 3), none("z", 1)}), 3),
              ST_E_OFFSET),
      refused("nothing behind the data", file(header({bytes_member("a", 0, 3), none("z", 4)}), 3),
              ST_E_OFFSET),
      refused("nothing at a place that is not 0", file(header({none("z", 1)}), 0), ST_E_OFFSET),
      refused("nothing at a place that is not 0, and data", file(header({none("z", 1)}), 1),
              ST_E_OFFSET),
      refused("nothing at 2^64 - 1", file(header({none("z", UINT64_MAX)}), 0), ST_E_OFFSET),

      // Sums near 2^64.
      refused("tensors that end at 2^64 - 1", near_2_to_64(7), ST_E_COVERAGE),
      refused("tensors whose end comes to 0 when 8 is added", near_2_to_64(0), ST_E_COVERAGE),
      refused("tensors whose file would end at 2^64", near_2_to_64(3), ST_E_COVERAGE),

      // Unaligned data.
      valid("F32 at an odd byte",
            file(header({bytes_member("a", 0, 1), member({.name = "\"b\"",
                                                          .dtype = "\"F32\"",
                                                          .shape = "[1]",
                                                          .offsets = "[1,5]"})}),
                 5)),
      valid("data at an odd byte", one({.name = "\"wide\""})),
  };
}

}  // namespace corpus
