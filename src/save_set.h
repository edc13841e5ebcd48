// Saves tensors as a set: shards and an index, or one file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "format/index_write.h"
#include "format/set_names.h"
#include "format/shard_split.h"
#include "save.h"

namespace st {

struct SetOptions {
  SetName name;
  Split split = Split::hub;
  IndexFormat index_format = IndexFormat::hub;
  std::uint64_t max_shard_size = 5'000'000'000;
  std::vector<MetadataEntry> index_metadata;
  std::uint64_t total_parameters = 0;  // 0: not in the index
};

// Options of every file of a set.
struct ShardOptions {
  std::vector<MetadataEntry> metadata;
  MetadataForm metadata_form = MetadataForm::absent;
  std::uint64_t alignment = 8;
  FileOptions file;
  Progress progress;
};

// Throws Code::invalid_argument, utf8 or duplicate.
void check_set_options(const SetOptions& options);

// The header's metadata of the set's only file: where both have a key, the index's value counts.
std::vector<MetadataEntry> metadata_of_whole_file(const ShardOptions& shards,
                                                  const SetOptions& options);

void save_set(const char* directory, std::span<const TensorToSave> tensors,
              const SetOptions& options, const ShardOptions& shards);

}  // namespace st
