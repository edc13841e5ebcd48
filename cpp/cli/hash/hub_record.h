// Hashes that huggingface_hub has recorded for the files that it downloaded.
#pragma once

#include <optional>
#include <string>

#include "cli/hash/digest.h"
#include "cli/input/raw_file.h"

namespace safetensors::cli {

struct HubRecord {
  HashAlgorithm algorithm = HashAlgorithm::Sha256;  // or SHA-1 of a Git blob
  std::string hash;

  // "SHA-256", "Git SHA-1".
  const char* algorithm_text() const;

  // A digest of what the hub hashes before the content of the file: Git has a header there.
  Digest begin(const RawFile& file) const;
};

// The record of a file: the name of the blob in the cache that `path` is or links to, or the
// metadata of a download to a directory above the file. Nothing for other files.
std::optional<HubRecord> find_hub_record(const std::string& path);

}  // namespace safetensors::cli
