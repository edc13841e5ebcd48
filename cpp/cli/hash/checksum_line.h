// Lines of checksums, as sha256sum and xxhsum read and write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/hash/digest.h"

namespace safetensors::cli {

struct ChecksumLine {
  HashAlgorithm algorithm = HashAlgorithm::Sha256;
  std::string hash;
  std::string name;
};

// "HASH  NAME"; of XXH3 "XXH3_HASH  NAME". Backslashes and line feeds in the name are escaped,
// which a backslash before the hash says.
std::string checksum_text(const ChecksumLine& line);

// Reads such a line; nothing for other text. The hash becomes lower-case.
std::optional<ChecksumLine> parse_checksum_line(std::string_view text);

}  // namespace safetensors::cli
