// The files of a set: which tensors each has, their headers and names, and the index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/set_directory.h"
#include "save_set.h"

namespace st {

class SetPlan {
 public:
  // Refers to the arguments. Throws what check_set_options(), check_tensor(), check_names_differ(),
  // split_tensors() and plan_save() throw.
  SetPlan(std::span<const TensorToSave> tensors, const SetOptions& options,
          const ShardOptions& shards);
  SetPlan(const SetPlan&) = delete;
  SetPlan& operator=(const SetPlan&) = delete;

  std::size_t shard_count() const noexcept { return split_.shards.size(); }

  // Bytes of all files.
  std::uint64_t total_size() const noexcept { return total_size_; }

  // Positions of the shard's tensors.
  const std::vector<std::uint32_t>& positions(std::size_t shard) const noexcept {
    return split_.shards[shard];
  }

  // The name that the file gets unless another file has it. Its name in the staging directory.
  std::string name_of(std::size_t shard) const;

  std::vector<TensorToSave> tensors_of(std::size_t shard) const;

  // Of the tensors of one shard.
  SavePlan plan(std::span<const TensorToSave> tensors) const;

  // Opens or creates the directory, and removes what killed processes left of this set.
  std::unique_ptr<SetDirectory> open_directory(const char* path) const;

  // Publishes the staged files, which have the names of name_of().
  void publish(SetDirectory* directory, StagingDirectory* staging) const;

 private:
  std::string index_text(const std::vector<std::string>& names) const;

  std::span<const TensorToSave> tensors_;
  const SetOptions& options_;
  const ShardOptions& shards_;
  ShardSplit split_;
  std::vector<MetadataEntry> metadata_;  // of every header
  std::uint64_t total_size_ = 0;
};

}  // namespace st
