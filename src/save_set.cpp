#include "save_set.h"

#include <algorithm>
#include <utility>

#include "error.h"
#include "format/checked.h"
#include "publish_set.h"

namespace st {
namespace {

class SetSaver {
 public:
  SetSaver(std::span<const TensorToSave> tensors, const SetOptions& options,
           const ShardOptions& shards)
      : tensors_(tensors),
        options_(options),
        shards_(shards),
        split_(split_tensors(tensors, options.split, options.max_shard_size)) {
    metadata_ =
        split_.shards.size() == 1 ? metadata_of_whole_file(shards, options) : shards.metadata;
    // Every header is planned before the first byte is written, and again when it is written:
    // otherwise the headers of all shards would be in memory.
    for (std::size_t i = 0; i < split_.shards.size(); ++i) {
      const auto sum = checked_add(total_, plan(tensors_of(i)).file_size);
      if (!sum) throw Error(Code::overflow, Message() << "the size of the set exceeds 64 bits");
      total_ = *sum;
    }
  }

  void save(const char* path) {
    const std::string index = index_file_name(options_.name);
    const auto directory =
        open_set_directory(path, index, whole_file_name(options_.name), shards_.file);
    {
      const auto lock = directory->lock();
      recover_sets(directory.get(), index);  // first, because it releases space
    }
    const auto staging = directory->stage(StagingKind::temporary);
    StagedSet set;
    set.name = options_.name;
    for (std::size_t i = 0; i < split_.shards.size(); ++i) {
      set.staged.push_back(final_name(i));
      write_shard(directory.get(), staging.get(), i);
    }
    set.index = [this](const std::vector<std::string>& names) { return index_text(names); };
    publish_set(directory.get(), staging.get(), set);
  }

 private:
  std::string final_name(std::size_t shard) const {
    return split_.shards.size() == 1
               ? whole_file_name(options_.name)
               : shard_file_name(options_.name, shard + 1, split_.shards.size());
  }

  std::vector<TensorToSave> tensors_of(std::size_t shard) const {
    std::vector<TensorToSave> tensors;
    for (const std::uint32_t i : split_.shards[shard])
      tensors.push_back(tensors_[i]);
    return tensors;
  }

  SavePlan plan(std::span<const TensorToSave> tensors) const {
    return plan_save(tensors, metadata_, shards_.metadata_form, shards_.alignment);
  }

  void write_shard(SetDirectory* directory, StagingDirectory* staging, std::size_t shard) {
    const std::vector<TensorToSave> tensors = tensors_of(shard);
    const SavePlan planned = plan(tensors);
    const std::string name = final_name(shard);
    const auto file = staging->create(name, directory->path_of(name), planned.file_size);
    write_file(file.get(), tensors, planned, shards_.progress, done_, total_);
    done_ += planned.file_size;
  }

  std::string index_text(const std::vector<std::string>& names) const {
    std::vector<WeightMapEntry> map;
    map.reserve(tensors_.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      for (const std::uint32_t tensor : split_.shards[i])
        map.push_back({tensors_[tensor].name, names[i]});
    }
    return write_index(options_.index_format,
                       {split_.total_size, options_.total_parameters, options_.index_metadata},
                       std::move(map));
  }

  std::span<const TensorToSave> tensors_;
  const SetOptions& options_;
  const ShardOptions& shards_;
  ShardSplit split_;
  std::vector<MetadataEntry> metadata_;  // of every header
  std::uint64_t total_ = 0;              // bytes of all files
  std::uint64_t done_ = 0;
};

}  // namespace

void check_set_options(const SetOptions& options) {
  check_set_name(options.name);
  check_index_metadata({0, options.total_parameters, options.index_metadata});
}

std::vector<MetadataEntry> metadata_of_whole_file(const ShardOptions& shards,
                                                  const SetOptions& options) {
  std::vector<MetadataEntry> metadata;
  for (const MetadataEntry& entry : shards.metadata) {
    const bool replaced =
        std::any_of(options.index_metadata.begin(), options.index_metadata.end(),
                    [&](const MetadataEntry& other) { return other.key == entry.key; });
    if (!replaced) metadata.push_back(entry);
  }
  metadata.insert(metadata.end(), options.index_metadata.begin(), options.index_metadata.end());
  return metadata;
}

void save_set(const char* directory, std::span<const TensorToSave> tensors,
              const SetOptions& options, const ShardOptions& shards) {
  check_set_options(options);
  for (const TensorToSave& tensor : tensors)
    check_tensor(tensor);
  check_names_differ(tensors);
  require_bytes(tensors);
  SetSaver(tensors, options, shards).save(directory);
}

}  // namespace st
