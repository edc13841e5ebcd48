// Implements load_file and load.
#include <safetensors/torch.hpp>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "names/selected_names.h"
#include "tensor/file_source.h"

namespace safetensors {

namespace {

std::vector<FileEntry> requested_entries(const TensorSource& source, const LoadOptions& options) {
  const LoadSelection selection{options.renames, options.names, options.pattern};
  const SelectedNames names(source.names(), selection);
  names.check_requests(source.description());
  std::vector<FileEntry> entries;
  for (std::size_t position = 0; position < names.size(); ++position) {
    if (names.is_requested(position))
      entries.push_back(source.entry(position, names.name(position)));
  }
  return entries;
}

TensorDict load_from(const TensorSource& source, const LoadOptions& options) {
  auto entries = requested_entries(source, options);
  ProgressCounter progress(options.progress, total_nbytes(entries));
  auto tensors = source.tensors(entries, options.device, progress);

  TensorDict dict;
  dict.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i)
    dict.insert(std::move(entries[i].name), std::move(tensors[i]));
  return dict;
}

// Whether a file's bytes are in fact a path, which load_file takes.
bool is_like_path(Bytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return !text.empty() && text.size() < 4096 &&
         (text.ends_with(".safetensors") || text.ends_with(".json") || text.starts_with('/')) &&
         std::none_of(text.begin(), text.end(), [](char c) { return c == '\0' || c == '\n'; });
}

File open_bytes(Bytes bytes, const std::shared_ptr<void>& owner) {
  try {
    return owner ? File::from_memory(owner, bytes) : File::from_memory(bytes);
  } catch (const Error& error) {
    if (!is_like_path(bytes)) throw;
    throw Error(error.code(),
                std::string(error.what()) +
                    ". load() takes the bytes of a file; for a path call load_file()",
                error.os_error(), error.position().value_or(ST_NO_POSITION));
  }
}

}  // namespace

TensorDict load_file(const std::filesystem::path& path, const LoadOptions& options) {
  return load_from(FileSource(path, options.backend, options.read_only), options);
}

TensorDict load_file(const File& file, const LoadOptions& options) {
  return load_from(FileSource(file, memory_of(file, options.read_only)), options);
}

TensorDict load(Bytes bytes, const LoadOptions& options) {
  if (!c10::Device(options.device).is_cpu())  // copied to the device anyway
    return load_from(FileSource(open_bytes(bytes, nullptr)), options);
  Buffer copy(bytes.size());
  if (bytes.size() > 0) std::memcpy(copy.data(), bytes.data(), bytes.size());
  return load(std::move(copy), options);
}

TensorDict load(MutableBytes bytes, std::shared_ptr<void> owner, const LoadOptions& options) {
  return load_from(FileSource(open_bytes(bytes, owner), FileMemory::writable), options);
}

}  // namespace safetensors
