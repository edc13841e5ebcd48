// SetStage: a model in several files that several processes write.
#ifndef SAFETENSORS_WRAPPER_SET_STAGE_HPP
#define SAFETENSORS_WRAPPER_SET_STAGE_HPP

#include <safetensors/wrapper/set_options.hpp>
#include <safetensors/wrapper/writer.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace safetensors {

// Creates an empty file for each shard of a set, which any process that sees the directory then
// replaces with a Writer or a Builder: with the same tensors, alignment and metadata (for a set of
// one file also SetOptions::index_metadata), and ST_MODE_INHERIT. Nothing is published before
// commit(). The destructor of a stage without a commit removes the files. A stage is for one thread
// at a time.
class SetStage {
 public:
  // Creates the directory if it does not exist, and divides the tensors as Builder::save_set does.
  // `metadata` is in the header of every shard. SetOptions::resume, SaveOptions::link and progress
  // are ignored.
  SetStage(const std::filesystem::path& directory, const std::vector<TensorDeclaration>& tensors,
           const SetOptions& set = {}, const SaveOptions& options = {},
           const Metadata& metadata = {})
      : tensor_count_(tensors.size()) {
    const auto declared = detail::c_declarations(tensors);
    const auto entries = detail::c_entries(metadata);
    st_save_options c_options = detail::c_options(options);
    c_options.metadata = entries.data();
    c_options.metadata_count = entries.size();
    const detail::CSetOptions c_set(set);
    st_set_stage* stage = nullptr;
    st_error error = ST_ERROR_INIT;
    detail::check(st_set_stage_open(detail::c_path(directory), declared.data(), declared.size(),
                                    c_set.get(), &c_options, &stage, &error),
                  error);
    stage_.reset(stage);
  }

  std::uint64_t shard_count() const noexcept { return st_set_stage_shard_count(stage_.get()); }

  // The path of a shard's file relative to the directory. Throws Error ST_E_OUT_OF_RANGE.
  std::filesystem::path path(std::uint64_t shard) const {
    const char* path = st_set_stage_path(stage_.get(), shard);
    if (!path) throw out_of_range("shard", shard);
    return path;
  }

  // The shard of the tensor at `index` of the declarations. Throws Error ST_E_OUT_OF_RANGE.
  std::uint64_t shard_of(std::uint64_t index) const {
    const std::uint64_t shard = st_set_stage_shard_of(stage_.get(), index);
    if (shard == UINT64_MAX) throw out_of_range("tensor", index);
    return shard;
  }

  // Publishes the set, as Builder::save_set does, once all writers are done. Throws Error
  // ST_E_INCOMPLETE, which names a shard, while a file has another size or header than its shard:
  // the stage can go on. After success or another Error it can only be destroyed.
  void commit() {
    st_error error = ST_ERROR_INIT;
    detail::check(st_set_stage_commit(stage_.get(), &error), error);
  }

  // The C ABI's handle, owned by this SetStage.
  st_set_stage* handle() const noexcept { return stage_.get(); }

 private:
  struct Free {
    void operator()(st_set_stage* stage) const noexcept { st_set_stage_free(stage); }
  };

  Error out_of_range(const char* what, std::uint64_t index) const {
    std::string text(what);
    text.append(" index ").append(std::to_string(index));
    text.append(", but the stage has ")
        .append(std::to_string(tensor_count_))
        .append(" tensors in ");
    text.append(std::to_string(shard_count())).append(" shards");
    return Error(ST_E_OUT_OF_RANGE, text);
  }

  std::uint64_t tensor_count_;

  std::unique_ptr<st_set_stage, Free> stage_;
};

}  // namespace safetensors

#endif
