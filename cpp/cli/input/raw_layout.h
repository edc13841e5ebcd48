// RawLayout: where the data of a damaged file is, and whether a valid file can be made of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/input/raw_file.h"
#include "cli/input/raw_header.h"

namespace safetensors::cli {

struct RawLayout {
  // The length of the header after which the data begins; nothing if the file leaves a choice.
  std::optional<std::uint64_t> header_length;
  std::uint64_t missing = 0;   // bytes of tensors beyond the end of the file
  std::uint64_t trailing = 0;  // bytes after the data of all tensors
  bool is_text_copy = false;   // the data was changed
  // Why no valid file can be made of this one without a guess; empty if one can be made.
  std::string obstacle;
};

// The layout of a file with a header that can be read (RawHeader::has_json).
RawLayout find_layout(const RawFile& file, const RawHeader& header);

}  // namespace safetensors::cli
