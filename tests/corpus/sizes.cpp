// Many tensors, and headers up to the limit of 100,000,000 bytes.
#include "input.h"

namespace corpus {
namespace {

constexpr std::size_t cap = 100'000'000;

std::string tensors(std::size_t count, std::uint64_t bytes) {
  std::string text = "{";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += ',';
    text += bytes_member("w" + std::to_string(i), i * bytes, (i + 1) * bytes);
  }
  return file(text + "}", count * bytes);
}

// All of them the same bytes.
std::string overlapping(std::size_t count) {
  std::string text = "{";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += ',';
    text += bytes_member("w" + std::to_string(i), 0, 4096);
  }
  return file(text + "}", 4096);
}

// One tensor in a header of `size` bytes, the rest of it spaces.
std::string padded(std::size_t size) {
  std::string text = header({member({})});
  text.resize(size, ' ');
  return file(text, entry_size);
}

// One tensor in a header of `size` bytes, the rest of it one metadata value.
std::string described(std::size_t size) {
  const std::string before = "{\"__metadata__\":{\"k\":\"", after = "\"}," + member({}) + "}";
  std::string text = before;
  text.resize(size - after.size(), 'v');
  return file(text + after, entry_size);
}

}  // namespace

Inputs size_inputs() {
  return {
      valid("100,000 tensors", [] { return tensors(100'000, 1); }),
      valid("200,000 tensors without bytes", [] { return tensors(200'000, 0); }),
      refused(
          "100,000 tensors of the same bytes", [] { return overlapping(100'000); }, ST_E_OFFSET),
      valid("a tensor of 20 MB",
            [] { return file(header({bytes_member("w", 0, 20'000'000)}), 20'000'000); }),
      valid("a metadata value of 10 MB", [] { return described(10'000'000); }),
      refused(
          "a name of 1 MB that does not end",
          [] { return file("{\"" + std::string(1'000'000, 'w')); }, ST_E_JSON),
      loose("an ignored array of 1,000,000 numbers",
            [] { return one({.after = ",\"note\":[0" + repeated(",-0", 1'000'000) + "]"}); }),
      loose("an ignored fraction of 1,000,000 digits",
            [] { return one({.after = ",\"note\":0." + std::string(1'000'000, '5')}); }),
      refused(
          "an ignored integer of 1,000,000 digits",
          [] { return one({.after = ",\"note\":" + std::string(1'000'000, '5')}); }, ST_E_JSON),

      valid("a header whose length reads PK", [] { return padded(0x04034B50); }),
      valid("a header at the cap, of spaces", [] { return padded(cap); }),
      valid("a header at the cap, of one string", [] { return described(cap); }),
      refused(
          "a header at the cap, of brackets", [] { return file(std::string(cap, '[')); },
          ST_E_JSON),
      refused(
          "a header at the cap, of quotes", [] { return file(std::string(cap, '"')); }, ST_E_JSON),
      refused(
          "a header at the cap, of NULs", [] { return file(std::string(cap, '\0')); }, ST_E_JSON),
      refused(
          "a header over the cap", [] { return padded(cap + 1); }, ST_E_HEADER_TOO_LARGE),
  };
}

}  // namespace corpus
