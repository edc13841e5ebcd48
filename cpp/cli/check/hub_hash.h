// Hashes that huggingface_hub has recorded for downloaded files, and the hashes of their content.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cli/check/finding.h"

namespace safetensors::cli {

struct HubHash {
  bool is_sha256 = true;  // else Git's SHA-1 of a blob
  std::string hex;
};

// The hash in the name of the blob that `path` is or links to, or in the metadata beside a download
// to a local directory. Nothing for other files.
std::optional<HubHash> recorded_hash(const std::string& path);

// The hash of the file's content. Calls `advance` with the number of bytes read. Throws IoError.
std::string content_hash(const std::string& path, bool is_sha256,
                         const std::function<void(std::uint64_t)>& advance);

// Compares the content of all files of a directory, or of one file, with their recorded hashes.
// Returns the number of equal ones. `name` is the file of the directory, or empty for all.
std::uint64_t check_hub_hashes(const std::string& directory, const std::string& name,
                               Findings& findings);

}  // namespace safetensors::cli
