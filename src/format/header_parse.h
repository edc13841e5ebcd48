// Parses the text of a header. header_validate checks its offsets and sizes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "format/header.h"
#include "format/json_text.h"
#include "io/platform.h"

namespace st {

enum class Strictness : std::uint32_t { compatible = 0, strict = 1 };

// In the order of the text. Views point into `storage`.
struct ParsedHeader {
  Header::Storage storage;
  LargeVector<TensorEntry> tensors;     // a name may be repeated
  std::vector<MetadataEntry> metadata;  // the first entry of each key
  // A key that the text repeats, or a null view.
  std::string_view repeated_key;
  MetadataForm metadata_form = MetadataForm::absent;
};

// `text` is private memory with `parse_padding` bytes behind it; it is overwritten. `text_offset`
// is where it begins in the file, for error positions. Throws Code::utf8, json, schema or dtype.
ParsedHeader parse_header(std::span<char> text, Strictness strictness, std::uint64_t text_offset);

}  // namespace st
