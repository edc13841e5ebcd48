// What verify finds: files and tensors whose hashes differ from those that were recorded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/hash/manifest.h"

namespace safetensors::cli {

struct Mismatch {
  std::string code;                  // stable, for programs: "tensor_data"
  std::string file;                  // where it was found; may be empty
  std::string tensor;                // empty for a whole file
  std::uint64_t begin = 0, end = 0;  // bytes of the tensor in the file
  std::string expected, found;       // hashes, or dtypes and shapes
  std::string message;
};

// Compares the model at `path` with the manifest: only its tensors with `data_only`, else its
// files, and the tensors where a file differs. Throws Error if the model cannot be opened.
std::vector<Mismatch> compare_with_manifest(const Manifest& manifest, const std::string& path,
                                            bool data_only);

}  // namespace safetensors::cli
