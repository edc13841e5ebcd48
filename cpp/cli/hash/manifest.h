// Manifest: the hashes of a model as `hash --json` prints them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/hash/digest.h"

namespace safetensors::cli {

struct ManifestFile {
  std::string name;  // relative to the model's directory
  std::string hash;
};

struct ManifestTensor {
  std::string name;
  Dtype dtype{};
  std::vector<std::uint64_t> shape;
  std::string hash;
};

struct Manifest {
  std::string path;  // of the model
  HashAlgorithm algorithm = HashAlgorithm::Sha256;
  std::vector<ManifestFile> files;
  std::vector<ManifestTensor> tensors;
};

// Reads the text of a manifest; `path` is its file, for messages. Throws InvalidInput.
Manifest parse_manifest(std::string_view text, const std::string& path);

}  // namespace safetensors::cli
