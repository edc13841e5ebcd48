// A set whose files other processes write before one publishes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "copied_set_options.h"
#include "set_plan.h"

namespace st {

class SetStage {
 public:
  // Creates an empty file for each shard in a staging directory. Copies the arguments, and ignores
  // the tensors' data and fill callbacks.
  SetStage(const char* directory, std::span<const TensorToSave> tensors, const SetOptions& options,
           const ShardOptions& shards);
  SetStage(const SetStage&) = delete;
  SetStage& operator=(const SetStage&) = delete;
  ~SetStage() = default;

  // Of each shard's file, relative to the set's directory.
  const std::vector<std::string>& paths() const noexcept { return paths_; }

  // Of each tensor.
  const std::vector<std::uint32_t>& shards() const noexcept { return shard_of_; }

  // Throws Code::incomplete if a file has another size or header than its shard: the stage is
  // unchanged. After success and after every other error, commit() throws Code::invalid_argument.
  void commit();

 private:
  std::vector<TensorToSave> copies_of(std::span<const TensorToSave> tensors);
  void require_complete() const;

  CopiedSetOptions options_;
  std::deque<std::string> names_;                  // that tensors_ refers to
  std::deque<std::vector<std::uint64_t>> shapes_;  // likewise
  std::vector<TensorToSave> tensors_;
  SetPlan plan_;
  std::vector<std::string> paths_;
  std::vector<std::uint32_t> shard_of_;
  std::unique_ptr<SetDirectory> directory_;
  std::unique_ptr<StagingDirectory> staging_;  // null after commit()
};

}  // namespace st
