// Writes a set one tensor at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "copied_set_options.h"
#include "io/set_directory.h"
#include "save_set.h"

namespace st {

// The tensors of the open shard are in a spool file until it is complete: only then their order in
// the file is known. Complete shards are files of the staging directory.
class SetWriter {
 public:
  // Copies the options.
  SetWriter(const char* directory, const SetOptions& options, const ShardOptions& shards,
            bool resume);
  SetWriter(const SetWriter&) = delete;
  SetWriter& operator=(const SetWriter&) = delete;
  ~SetWriter() = default;

  void add(const TensorToSave& tensor);
  bool has_tensor(std::string_view name) const noexcept;
  void commit();

 private:
  // A shard that an interrupted writer completed.
  struct KeptShard {
    std::string staged;
    std::shared_ptr<const Header> header;
  };

  // A tensor that was added, and where its bytes are until its shard is complete.
  struct Tensor {
    std::string_view name;
    Dtype dtype;
    std::vector<std::uint64_t> shape;
    std::uint64_t nbytes;
    const KeptShard* kept;  // null: in the spool file
    std::uint64_t offset;
  };

  struct Shard {
    std::string staged;
    std::vector<std::uint32_t> tensors;
  };

  void find_kept_shards();
  void keep_shard(const std::string& name);
  std::string fingerprint() const;
  void write_text(const std::string& name, const std::string& text);
  const KeptShard* find_kept(const TensorToSave& tensor, std::uint64_t* offset) const;

  void add_checked(const TensorToSave& tensor);
  Tensor describe(const TensorToSave& tensor);
  void append_to_spool(const TensorToSave& tensor);
  void complete_open_shard(const std::vector<MetadataEntry>& metadata);
  std::string write_shard(const std::vector<std::uint32_t>& tensors,
                          const std::vector<MetadataEntry>& metadata);
  const KeptShard* find_equal(const std::vector<std::uint32_t>& tensors,
                              const SavePlan& plan) const;
  void copy_tensors(const std::vector<std::uint32_t>& tensors, const SavePlan& plan,
                    AtomicFile* file);
  void rewrite_as_whole_file();
  std::string write_own_shard(const TensorToSave& tensor);
  std::string next_name();
  std::string index_text(const std::vector<std::string>& names) const;

  const CopiedSetOptions copied_;
  const SetOptions& options_ = copied_.set;
  const ShardOptions& shards_ = copied_.shards;
  std::deque<std::string> text_;  // names of tensors, which views refer to
  std::unique_ptr<SetDirectory> directory_;
  std::unique_ptr<StagingDirectory> staging_;
  std::unique_ptr<SpoolFile> spool_;
  std::uint64_t spooled_ = 0;
  Bytes buffer_;  // one piece

  std::deque<KeptShard> kept_;
  struct KeptTensor {
    const KeptShard* shard;
    const TensorEntry* entry;
  };
  std::unordered_map<std::string_view, KeptTensor> kept_tensors_;

  HubSplit split_;
  std::vector<Tensor> tensors_;
  std::unordered_set<std::string_view> names_;
  std::vector<Shard> complete_;
  std::vector<std::uint32_t> open_;
  std::uint64_t total_size_ = 0;
  std::uint64_t next_number_ = 0;
  enum class State { writing, failed, committed } state_ = State::writing;
};

}  // namespace st
