#include "set_plan.h"

#include <utility>

#include "error.h"
#include "format/checked.h"
#include "publish_set.h"

namespace st {
namespace {

ShardSplit checked_split(std::span<const TensorToSave> tensors, const SetOptions& options) {
  check_set_options(options);
  for (const TensorToSave& tensor : tensors)
    check_tensor(tensor);
  check_names_differ(tensors);
  return split_tensors(tensors, options.split, options.max_shard_size);
}

}  // namespace

SetPlan::SetPlan(std::span<const TensorToSave> tensors, const SetOptions& options,
                 const ShardOptions& shards)
    : tensors_(tensors),
      options_(options),
      shards_(shards),
      split_(checked_split(tensors, options)),
      metadata_(shard_count() == 1 ? metadata_of_whole_file(shards, options) : shards.metadata) {
  // Every header is planned before the first byte is written, and again when it is written:
  // otherwise the headers of all shards would be in memory.
  for (std::size_t i = 0; i < shard_count(); ++i) {
    const auto sum = checked_add(total_size_, plan(tensors_of(i)).file_size);
    if (!sum) throw Error(Code::overflow, Message() << "the size of the set exceeds 64 bits");
    total_size_ = *sum;
  }
}

std::string SetPlan::name_of(std::size_t shard) const {
  return shard_count() == 1 ? whole_file_name(options_.name)
                            : shard_file_name(options_.name, shard + 1, shard_count());
}

std::vector<TensorToSave> SetPlan::tensors_of(std::size_t shard) const {
  std::vector<TensorToSave> tensors;
  for (const std::uint32_t i : positions(shard))
    tensors.push_back(tensors_[i]);
  return tensors;
}

SavePlan SetPlan::plan(std::span<const TensorToSave> tensors) const {
  return plan_save(tensors, metadata_, shards_.metadata_form, shards_.alignment);
}

std::unique_ptr<SetDirectory> SetPlan::open_directory(const char* path) const {
  const std::string index = index_file_name(options_.name);
  auto directory = open_set_directory(path, index, whole_file_name(options_.name), shards_.file);
  const auto lock = directory->lock();
  recover_sets(directory.get(), index);  // first, because it releases space
  return directory;
}

void SetPlan::publish(SetDirectory* directory, StagingDirectory* staging) const {
  StagedSet set;
  set.name = options_.name;
  for (std::size_t i = 0; i < shard_count(); ++i)
    set.staged.push_back(name_of(i));
  set.index = [this](const std::vector<std::string>& names) { return index_text(names); };
  publish_set(directory, staging, set);
}

std::string SetPlan::index_text(const std::vector<std::string>& names) const {
  std::vector<WeightMapEntry> map;
  map.reserve(tensors_.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const std::uint32_t tensor : positions(i))
      map.push_back({tensors_[tensor].name, names[i]});
  }
  return write_index(options_.index_format,
                     {split_.total_size, options_.total_parameters, options_.index_metadata},
                     std::move(map));
}

}  // namespace st
