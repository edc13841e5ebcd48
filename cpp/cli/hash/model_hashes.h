// The hashes of a model: of its files, their data, its tensors, and all tensors together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/hash/digest.h"

namespace safetensors::cli {

struct HashRequest {
  HashAlgorithm algorithm = HashAlgorithm::Sha256;
  bool files = false;
  bool data = false;
  bool tensors = false;
};

// In the order of File::shards() and File::tensors(); empty if not requested.
struct ModelHashes {
  std::vector<std::string> files;
  std::vector<std::string> data;
  std::vector<std::string> tensors;
};

// Reads the model once, in constant memory. Throws Error, also if a file changes meanwhile.
ModelHashes compute_hashes(const File& file, const HashRequest& request);

// The hash of the names, dtypes, shapes and bytes of all tensors. It does not depend on the
// metadata, the order of the tensors and the division into files: it is the hash of one line for
// each tensor, in the order of the bytes of the names, with the members name, dtype, shape and the
// hash of the tensor in a JSON array without spaces, as json.dumps() of Python writes it.
std::string model_hash(const File& file, const std::vector<std::string>& tensor_hashes,
                       HashAlgorithm algorithm);

// Offset of the first data byte of a shard in the set.
std::uint64_t data_begin(const File& file, const Shard& shard);

}  // namespace safetensors::cli
