#include "tensor/file_source.h"

#include "names/name_pattern.h"
#include "names/quote.h"
#include "tensor/file_tensors.h"
#include "tensor/torch_sizes.h"

namespace safetensors {

File open_source(const std::filesystem::path& path, Backend backend, bool read_only) {
  OpenOptions options;
  options.backend = backend;
  options.writable = !read_only;
  return File::open_set(path, options);
}

std::string describe(const File& file) {
  const auto shards = file.shards();
  return shards.empty() || shards[0].path.empty() ? "the file" : quote(shards[0].path.native());
}

FileSource::FileSource(File file, FileMemory memory)
    : file_(std::move(file)),
      memory_(memory),
      description_(describe(file_)),
      infos_(file_.tensors()) {}

FileSource::FileSource(const std::filesystem::path& path, Backend backend, bool read_only)
    : file_(open_source(path, backend, read_only)),
      memory_(read_only ? FileMemory::read_only : FileMemory::private_mapping),
      description_(quote(path.native())),
      infos_(file_.tensors()) {}

std::vector<std::string_view> FileSource::names() const {
  std::vector<std::string_view> names;
  names.reserve(infos_.size());
  for (const auto& info : infos_)
    names.push_back(info.name);
  return names;
}

std::vector<std::pair<std::string, std::string>> FileSource::aliases() const {
  std::vector<std::pair<std::string, std::string>> aliases;
  for (const auto& [key, value] : file_.metadata()) {
    if (file_.contains(value) && !file_.contains(key) && key.size() <= longest_pattern_name)
      aliases.emplace_back(key, value);
  }
  return aliases;
}

FileEntry FileSource::entry(std::size_t position, std::string name) const {
  const TensorInfo& info = infos_[position];
  const c10::ScalarType dtype = torch_dtype(info);
  return {std::move(name), position, info, dtype, torch_sizes(info, dtype)};
}

void FileSource::copy(const std::vector<ValueCopy>& copies, ProgressCounter& progress) const {
  copy_values(file_, copies, progress);
}

std::vector<at::Tensor> FileSource::tensors(const std::vector<FileEntry>& entries,
                                            c10::Device device, ProgressCounter& progress) const {
  return file_tensors(file_, entries, device, memory_, progress);
}

}  // namespace safetensors
