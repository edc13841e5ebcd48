// JSON text -> what it says. Form only: whether offsets and sizes fit together is
// header_validate's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "format/header.h"

namespace st {

enum class Strictness : std::uint32_t { compatible = 0, strict = 1 };

// In the order of the text. Views point into `storage`.
struct ParsedHeader {
  Header::Storage storage;
  std::vector<TensorEntry> tensors;  // a name may come twice
  std::vector<MetadataEntry> metadata;
  MetadataForm metadata_form = MetadataForm::absent;
};

// Bytes beyond the text that must be allocated, whatever they hold.
inline constexpr std::size_t parse_padding = 64;

// `text` is private memory with `parse_padding` bytes behind it; it is overwritten. `text_offset`
// is where it begins in the file, for error positions. Throws Code::utf8, json or schema.
ParsedHeader parse_header(std::span<char> text, Strictness strictness, std::uint64_t text_offset);

}  // namespace st
