#include "save_set.h"

#include <algorithm>

#include "set_plan.h"

namespace st {
namespace {

void write_shards(const SetPlan& set, SetDirectory* directory, StagingDirectory* staging,
                  const Progress& progress) {
  std::uint64_t done = 0;
  for (std::size_t i = 0; i < set.shard_count(); ++i) {
    const std::vector<TensorToSave> tensors = set.tensors_of(i);
    const SavePlan plan = set.plan(tensors);
    const std::string name = set.name_of(i);
    const auto file = staging->create(name, directory->path_of(name), plan.file_size);
    write_file(file.get(), tensors, plan, progress, done, set.total_size());
    done += plan.file_size;
  }
}

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
  require_bytes(tensors);
  const SetPlan set(tensors, options, shards);
  const auto opened = set.open_directory(directory);
  const auto staging = opened->stage(StagingKind::temporary);
  write_shards(set, opened.get(), staging.get(), shards.progress);
  set.publish(opened.get(), staging.get());
}

}  // namespace st
