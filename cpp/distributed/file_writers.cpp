#include "distributed/file_writers.h"

#include <utility>

namespace safetensors {

FileWriters::FileWriters(const std::filesystem::path& directory,
                         const std::vector<DeclaredTensor>& tensors, const StagedFiles& files,
                         const SaveLayout& layout, std::size_t process)
    : directory_(directory),
      tensors_(tensors),
      files_(files),
      layout_(layout),
      own_(layout.files_of(process)),
      index_(tensors.size()) {
  for (const std::size_t file : own_) {
    std::uint64_t next = 0;
    for (const std::size_t tensor : layout.tensors_of(file))
      index_[tensor] = next++;
  }
}

void FileWriters::write(std::size_t tensor, std::uint64_t offset, Bytes bytes) {
  while (next_ == 0 || own_[next_ - 1] != files_.shard_of[tensor])
    open_next();
  writer_->write(index_[tensor], offset, bytes);
}

void FileWriters::finish() {
  while (next_ < own_.size())
    open_next();
  if (writer_) writer_->commit();
  writer_.reset();
}

void FileWriters::open_next() {
  if (writer_) writer_->commit();
  writer_.reset();
  const std::size_t file = own_.at(next_);
  std::vector<TensorDeclaration> declarations;
  for (const std::size_t tensor : layout_.tensors_of(file))
    declarations.push_back({tensors_[tensor].name, tensors_[tensor].dtype, tensors_[tensor].shape});
  SaveOptions options;
  options.durability = files_.durability;
  options.alignment = files_.alignment;
  writer_ = std::make_unique<Writer>(directory_ / files_.paths[file], declarations, options,
                                     files_.metadata);
  ++next_;
}

}  // namespace safetensors
