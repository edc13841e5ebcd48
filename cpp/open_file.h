// Opens files so that tensors can be made of them.
#pragma once

#include <filesystem>
#include <safetensors/safetensors.hpp>

namespace safetensors {

// Mapped bytes may be written to: LibTorch has no tensors that are for reading only.
inline File open_file(const std::filesystem::path& path, Backend backend) {
  OpenOptions options;
  options.backend = backend;
  options.writable = true;
  return File::open(path, options);
}

}  // namespace safetensors
