// The header length in the first 8 bytes, and the ends of header and data.
#include "input.h"

namespace corpus {
namespace {

std::string cut(std::string bytes, std::size_t size) {
  bytes.resize(size);
  return bytes;
}

std::string with_length_reversed(std::string bytes) {
  return std::string(bytes.rend() - 8, bytes.rend()) + bytes.substr(8);
}

}  // namespace

Inputs framing_inputs() {
  const std::string text = header({member({})});
  const std::string good = one({});
  const std::uint64_t size = text.size();

  Inputs inputs = {
      valid("as small as can be", file("{}")),
      valid("one tensor", good),
      valid("a header of spaces around nothing", file("{      }")),
      refused("no tensor, yet a byte of data", file("{}", 1), ST_E_COVERAGE),
      refused("eight zeros", std::string(8, '\0'), ST_E_JSON),
      refused("nine zeros", std::string(9, '\0'), ST_E_JSON),
      refused("an empty header before data", file("", 20), ST_E_JSON),
      refused("a header that only opens", file("{"), ST_E_JSON),
      refused("a header that only closes", file("}"), ST_E_JSON),
      refused("a header of one space", file(" "), ST_E_JSON),
      refused("a header of one digit", file("7"), ST_E_SCHEMA),
      refused("a length and nothing after it", cut(good, 8), ST_E_HEADER_LENGTH),
      refused("one byte after the length", cut(good, 9), ST_E_HEADER_LENGTH),
      refused("a header without its last byte", cut(good, 7 + size), ST_E_HEADER_LENGTH),
      refused("a whole header and none of its data", cut(good, 8 + size), ST_E_COVERAGE),
      refused("one byte of data", cut(good, 9 + size), ST_E_COVERAGE),
      refused("one byte of data too few", cut(good, good.size() - 1), ST_E_COVERAGE),
      refused("one byte of data too many", good + "x", ST_E_COVERAGE),
      refused("a file twice", good + good, ST_E_COVERAGE),
      refused("an archive behind the data", good + "PK\x05\x06" + std::string(18, '\0'),
              ST_E_COVERAGE),
      refused("a length one too small", file_claiming(size - 1, text, entry_size), ST_E_JSON),
      refused("a length one too large", file_claiming(size + 1, text, entry_size), ST_E_JSON),
      refused("a length of 0 before a header", file_claiming(0, text, entry_size), ST_E_JSON),
      refused("a length of 2 before more", file_claiming(2, "{}      ", 0), ST_E_COVERAGE),
      refused("a length of all that follows", file_claiming(size + entry_size, text, entry_size),
              ST_E_JSON),
      refused("a length one beyond the end", file_claiming(size + entry_size + 1, text, entry_size),
              ST_E_HEADER_LENGTH),
      refused("a length at the cap", file_claiming(100'000'000, text, entry_size),
              ST_E_HEADER_LENGTH),
      refused("a length over the cap", file_claiming(100'000'001, text, entry_size),
              ST_E_HEADER_TOO_LARGE),
      refused("a length over the cap and nothing else", file_claiming(100'000'001, "", 0),
              ST_E_HEADER_TOO_LARGE),
      refused("a length that 31 bits cut right",
              file_claiming((std::uint64_t{1} << 31) + size, text, entry_size),
              ST_E_HEADER_TOO_LARGE),
      refused("a length that 32 bits cut right",
              file_claiming((std::uint64_t{1} << 32) + size, text, entry_size),
              ST_E_HEADER_TOO_LARGE),
      refused("a length whose sign bit is set",
              file_claiming((std::uint64_t{1} << 63) + size, text, entry_size),
              ST_E_HEADER_TOO_LARGE),
      refused("a length of 2^63", file_claiming(std::uint64_t{1} << 63, text, entry_size),
              ST_E_HEADER_TOO_LARGE),
      refused("a length of 2^63 - 1", file_claiming(INT64_MAX, text, entry_size),
              ST_E_HEADER_TOO_LARGE),
      refused("a length of 2^64 - 1", file_claiming(UINT64_MAX, text, entry_size),
              ST_E_HEADER_TOO_LARGE),
      refused("a length of 2^64 - 1 and nothing else", file_claiming(UINT64_MAX, "", 0),
              ST_E_HEADER_TOO_LARGE),
      refused("a length that ends at 0 when 8 is added",
              file_claiming(UINT64_MAX - 7, text, entry_size), ST_E_HEADER_TOO_LARGE),
      refused("a length that ends at 1 when 8 is added",
              file_claiming(UINT64_MAX - 6, text, entry_size), ST_E_HEADER_TOO_LARGE),
      refused("a length written from its high byte", with_length_reversed(good),
              ST_E_HEADER_TOO_LARGE),
      refused("a header with no length before it", text + std::string(entry_size, 'x'),
              ST_E_HEADER_TOO_LARGE),
  };
  for (std::size_t bytes = 0; bytes < 8; ++bytes) {
    inputs.push_back(refused("the first " + std::to_string(bytes) + " bytes of a length",
                             cut(good, bytes), ST_E_HEADER_TOO_SMALL));
  }
  return inputs;
}

}  // namespace corpus
