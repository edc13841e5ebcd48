// Locates a metadata value in the text of a header.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace st {

struct ByteRange {
  std::uint64_t offset;
  std::uint64_t size;
};

// The range in `header_text` that holds the content of the value's JSON string: escaped as in the
// file, without its quotes. `key` is compared decoded. Empty if the key is absent. The text is that
// of a header that was accepted; of any other text the result is unspecified but inside of the
// text.
std::optional<ByteRange> find_metadata_value(std::string_view header_text,
                                             std::string_view key) noexcept;

}  // namespace st
