#include "consolidate.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "error.h"
#include "format/tensor_size.h"
#include "io/platform.h"

namespace st {
namespace {

constexpr std::uint64_t window_size = 1 << 20;
constexpr std::uint64_t shortest_direct_run = 64 << 10;  // read without the window

Error in_file(const Error& error, const File& file) {
  return Error(error.code(), Message() << error.what() << ", in " << Quoted{file.source->name()},
               error.position(), error.os_error());
}

void open_files(const Directory& directory, std::vector<File>* files) {
  std::vector<std::string> names = directory.names();
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(".safetensors"); });
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const bool keep_open = files->size() < descriptors_for_files();
    auto source = directory.open(name, Backend::pread, Access::read_only, keep_open);
    files->push_back(open_named_file(std::move(source), HeaderOptions{}));
  }
}

// Null if it does not exist.
std::shared_ptr<const Directory> find_directory(std::string path) {
  try {
    return open_directory(std::move(path));
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    return nullptr;
  }
}

std::vector<File> open_checkpoint(const char* directory) {
  std::vector<File> files;
  open_files(*open_directory(directory), &files);
  const auto sharded = find_directory(std::string(directory) + "/sharded");
  if (sharded) open_files(*sharded, &files);
  if (!files.empty()) return files;
  throw Error(Code::not_found, Message() << "the directory " << Quoted{directory}
                                         << " and its subdirectory \"sharded\" have no "
                                            "*.safetensors files");
}

std::vector<PartPosition> read_positions(const File& file) {
  const MetadataEntry* const entry = file.header->find_metadata(dcp_sharding_key);
  if (!entry) {
    throw Error(Code::schema, Message() << "the file has no metadata key " << dcp_sharding_key
                                        << ", which says where its parts belong");
  }
  std::vector<PartPosition> positions = parse_sharding_info(entry->value);
  for (const PartPosition& position : positions) {
    if (file.header->find(position.name)) continue;
    throw Error(Code::schema, Message() << dcp_sharding_key << ": no tensor "
                                        << Quoted{position.name} << " in the file");
  }
  if (positions.size() == file.header->tensors().size()) return positions;
  for (const TensorEntry& tensor : file.header->tensors()) {
    if (std::ranges::binary_search(positions, tensor.name, {}, &PartPosition::name)) continue;
    throw Error(Code::schema, Message() << dcp_sharding_key << ": tensor " << Quoted{tensor.name}
                                        << " of the file is missing");
  }
  return positions;
}

}  // namespace

Consolidation::Consolidation(const char* directory) : Consolidation(open_checkpoint(directory)) {}

Consolidation::Consolidation(std::vector<File> files) : files_(std::move(files)) {
  for (const File& file : files_) {
    try {
      positions_.push_back(read_positions(file));
    } catch (const Error& error) {
      throw in_file(error, file);
    }
  }
  join();
  join_metadata();
}

void Consolidation::join() {
  struct Found {
    std::size_t file;
    TensorPart part;
  };
  std::vector<Found> found;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const File& file = files_[i];
    for (const PartPosition& position : positions_[i]) {
      found.push_back({i,
                       {file.header->find(position.name), position.offsets, position.global_shape,
                        file.source->name()}});
    }
  }
  const auto name_of = [](const Found& item) { return item.part.tensor->name; };
  std::ranges::stable_sort(found, {}, name_of);
  std::vector<TensorPart> parts;
  for (std::size_t begin = 0, end; begin < found.size(); begin = end) {
    parts.clear();
    for (end = begin; end < found.size() && name_of(found[end]) == name_of(found[begin]); ++end)
      parts.push_back(found[end].part);
    Whole& whole = wholes_.emplace_back(Whole{this, join_parts(parts), {}});
    for (std::size_t i = begin; i < end; ++i) {
      const TensorPart& part = found[i].part;
      whole.parts.push_back({&files_[found[i].file], part.tensor, {whole.shape, part}});
    }
    const TensorEntry& first = *parts.front().tensor;
    tensors_.push_back({first.name, first.dtype, whole.shape, nullptr,
                        tensor_size(first.name, first.dtype, whole.shape), on_fill, &whole});
  }
}

void Consolidation::join_metadata() {
  for (const MetadataEntry& entry : files_.front().header->metadata()) {
    if (entry.key == dcp_sharding_key || entry.key == "DCP_VERSION") continue;
    const bool common = std::ranges::all_of(files_, [&](const File& file) {
      const MetadataEntry* const other = file.header->find_metadata(entry.key);
      return other && other->value == entry.value;
    });
    if (common) metadata_.push_back(entry);
  }
}

// An exception must not reach the save, which would lose its code.
std::int32_t Consolidation::on_fill(void* whole, std::uint64_t offset, void* buffer,
                                    std::uint64_t count) noexcept {
  const auto& filled = *static_cast<const Whole*>(whole);
  try {
    filled.owner->fill(filled, offset, static_cast<std::byte*>(buffer), count);
    return 0;
  } catch (const Error& error) {
    filled.owner->read_error_ = error;
  } catch (const std::bad_alloc&) {
    filled.owner->read_error_ = Error(Code::no_memory, Message() << "not enough memory");
  }
  return -1;
}

void Consolidation::fill(const Whole& whole, std::uint64_t offset, std::byte* buffer,
                         std::uint64_t count) {
  for (const Part& part : whole.parts) {
    try {
      copy_part(part, offset, buffer, count);
    } catch (const Error& error) {
      throw in_file(error, *part.file);
    }
  }
}

// Copies those bytes of the part that belong to the `count` bytes at `offset` of the whole.
void Consolidation::copy_part(const Part& part, std::uint64_t offset, std::byte* buffer,
                              std::uint64_t count) {
  const PartLayout& layout = part.layout;
  const std::uint64_t end = offset + count, size = layout.run_size();
  const std::uint64_t start = part.file->header->file_offset(*part.tensor);
  std::uint64_t stop = layout.find(end - 1);
  if (stop < layout.run_count() && layout.offset_of(stop) < end) ++stop;  // begins before the end
  std::uint64_t window_begin = 0, window_end = 0;                         // the runs in the window
  for (std::uint64_t run = layout.find(offset); run < stop; ++run) {
    const std::uint64_t begin = layout.offset_of(run);
    const std::uint64_t from = std::max(begin, offset), to = std::min(begin + size, end);
    std::byte* const out = buffer + (from - offset);
    if (size >= shortest_direct_run) {
      part.file->source->read_at(start + run * size + (from - begin), out, to - from);
      continue;
    }
    if (run >= window_end) {
      if (!window_.data) window_ = allocate_bytes(window_size);
      window_begin = run;
      window_end = run + std::min(window_size / size, stop - run);
      part.file->source->read_at(start + run * size, window_.writable, (window_end - run) * size);
    }
    const std::byte* const bytes = window_.data + (run - window_begin) * size;
    std::memcpy(out, bytes + (from - begin), static_cast<std::size_t>(to - from));
  }
}

}  // namespace st
