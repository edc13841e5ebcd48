// Writes the files of a process, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <safetensors/safetensors.hpp>
#include <vector>

#include "distributed/save_layout.h"

namespace safetensors {

class FileWriters {
 public:
  // The arguments outlive it.
  FileWriters(const std::filesystem::path& directory, const std::vector<DeclaredTensor>& tensors,
              const StagedFiles& files, const SaveLayout& layout, std::size_t process);

  // Writes bytes of a tensor of one of the files. The files are written in their order: a file
  // before that of the tensor is complete. Throws Error as Writer.
  void write(std::size_t tensor, std::uint64_t offset, Bytes bytes);

  // Completes all files.
  void finish();

 private:
  void open_next();

  const std::filesystem::path& directory_;
  const std::vector<DeclaredTensor>& tensors_;
  const StagedFiles& files_;
  const SaveLayout& layout_;
  const std::vector<std::size_t>& own_;
  std::vector<std::uint64_t> index_;  // of each tensor in its file
  std::size_t next_ = 0;              // index in own_ of the file after the open one
  std::unique_ptr<Writer> writer_;
};

}  // namespace safetensors
