// Implements load_file and load.
#include <safetensors/torch.hpp>

#include <cstring>

#include "file_entries.h"
#include "open_file.h"
#include "tensor/file_tensors.h"

namespace safetensors {

namespace {

TensorDict load_from(const File& file, const LoadOptions& options, FileMemory memory) {
  auto entries = file_entries(file, options.renames, options.names, options.pattern);
  ProgressCounter progress(options.progress, total_nbytes(entries));
  auto tensors = file_tensors(file, entries, options.device, memory, progress);

  TensorDict dict;
  dict.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i)
    dict.insert(std::move(entries[i].name), std::move(tensors[i]));
  return dict;
}

}  // namespace

TensorDict load_file(const std::filesystem::path& path, const LoadOptions& options) {
  return load_file(open_file(path, options.backend), options);
}

TensorDict load_file(const File& file, const LoadOptions& options) {
  return load_from(file, options, FileMemory::from_file);
}

TensorDict load(Bytes bytes, const LoadOptions& options) {
  if (!c10::Device(options.device).is_cpu()) {  // copied to the device anyway
    const File file = File::from_memory(bytes);
    return load_from(file, options, FileMemory::from_file);
  }
  Buffer copy(bytes.size());
  if (bytes.size() > 0) std::memcpy(copy.data(), bytes.data(), bytes.size());
  return load(std::move(copy), options);
}

TensorDict load(MutableBytes bytes, std::shared_ptr<void> owner, const LoadOptions& options) {
  const File file = File::from_memory(std::move(owner), Bytes(bytes));
  return load_from(file, options, FileMemory::writable);
}

}  // namespace safetensors
