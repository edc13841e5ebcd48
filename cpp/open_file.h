// Opens a file or a set of files for loading tensors.
#pragma once

#include <filesystem>
#include <safetensors/safetensors.hpp>

namespace safetensors {

// `path` is a file, an index, or a directory. The bytes are writable, because LibTorch has no
// read-only tensors.
inline File open_file(const std::filesystem::path& path, Backend backend) {
  OpenOptions options;
  options.backend = backend;
  options.writable = true;
  return File::open_set(path, options);
}

}  // namespace safetensors
