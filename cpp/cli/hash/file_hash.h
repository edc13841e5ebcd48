// The hash of one file, which need not be a safetensors file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "cli/hash/digest.h"
#include "cli/input/raw_file.h"

namespace safetensors::cli {

// Adds the content of the file to the digest in constant memory, and calls `advance` with the
// number of bytes of each piece. Throws IoError.
void add_content(const RawFile& file, Digest& digest,
                 const std::function<void(std::uint64_t)>& advance);

// The hash of the file's content, with a progress bar. Throws IoError.
std::string file_hash(const std::string& path, HashAlgorithm algorithm);

}  // namespace safetensors::cli
