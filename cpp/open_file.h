// Opens a file for loading tensors.
#pragma once

#include <filesystem>
#include <safetensors/safetensors.hpp>

namespace safetensors {

// The bytes are writable, because LibTorch has no read-only tensors.
inline File open_file(const std::filesystem::path& path, Backend backend) {
  OpenOptions options;
  options.backend = backend;
  options.writable = true;
  return File::open(path, options);
}

}  // namespace safetensors
