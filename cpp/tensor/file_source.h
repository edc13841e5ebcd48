// The tensors of a File.
#pragma once

#include <safetensors/safetensors.hpp>

#include "tensor/host_tensor.h"
#include "tensor/tensor_source.h"

namespace safetensors {

// Opens a file, an index, or a directory. `read_only` maps the bytes without the permission to
// write, which LibTorch does not know.
File open_source(const std::filesystem::path& path, Backend backend, bool read_only);

// What messages call an open file: its path or, of a set, its first shard's.
std::string describe(const File& file);

class FileSource : public TensorSource {
 public:
  // Messages call it what describe() returns.
  explicit FileSource(File file, FileMemory memory = FileMemory::from_file);

  // As open_source(). Messages name the path.
  FileSource(const std::filesystem::path& path, Backend backend, bool read_only);

  std::string description() const override { return description_; }
  std::string noun() const override { return "file"; }
  std::vector<std::string_view> names() const override;
  bool is_same(std::size_t a, std::size_t b) const override { return a == b; }
  std::vector<std::pair<std::string, std::string>> aliases() const override;
  FileEntry entry(std::size_t position, std::string name) const override;
  void copy(const std::vector<ValueCopy>& copies, ProgressCounter& progress) const override;
  std::vector<at::Tensor> tensors(const std::vector<FileEntry>& entries, c10::Device device,
                                  ProgressCounter& progress) const override;

 private:
  File file_;
  FileMemory memory_;
  std::string description_;
  std::vector<TensorInfo> infos_;
};

// Only a mapping is kept by its tensors, and cannot be written: other Files have bytes of the
// caller.
inline FileMemory memory_of(const File& file, bool read_only) {
  return read_only && file.is_mapped() ? FileMemory::read_only : FileMemory::from_file;
}

}  // namespace safetensors
