// st_set_stage: a set whose files several processes write.
#include "set_stage.h"

#include <safetensors/safetensors.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "guard.h"
#include "save_request.h"
#include "set_options.h"
#include "structs.h"

struct st_set_stage {
  st::SetStage stage;
};

using capi::require;

st_status st_set_stage_open(const char* directory, const st_save_tensor* tensors, uint64_t count,
                            const st_set_options* set, const st_save_options* options,
                            st_set_stage** stage, st_error* error) {
  const auto clear = [&] {
    require(stage != nullptr, "stage is NULL");
    *stage = nullptr;
  };
  return capi::guard(error, clear, [&] {
    require(directory != nullptr, "directory is NULL");
    const std::vector<st::TensorToSave> declared = capi::declared_tensors_of(tensors, count);
    const capi::SetOptions converted = capi::set_options_of(set);
    const st::ShardOptions shards = capi::save_options_of(options);
    std::unique_ptr<st_set_stage> made(
        new st_set_stage{{directory, declared, converted.set, shards}});
    *stage = made.release();
  });
}

uint64_t st_set_stage_shard_count(const st_set_stage* stage) {
  return stage ? stage->stage.paths().size() : 0;
}

const char* st_set_stage_path(const st_set_stage* stage, uint64_t shard) {
  if (shard >= st_set_stage_shard_count(stage)) return nullptr;
  return stage->stage.paths()[static_cast<std::size_t>(shard)].c_str();
}

uint64_t st_set_stage_shard_of(const st_set_stage* stage, uint64_t index) {
  if (!stage || index >= stage->stage.shards().size()) return UINT64_MAX;
  return stage->stage.shards()[static_cast<std::size_t>(index)];
}

st_status st_set_stage_commit(st_set_stage* stage, st_error* error) {
  return capi::guard(error, [&] {
    require(stage != nullptr, "stage is NULL");
    stage->stage.commit();
  });
}

void st_set_stage_free(st_set_stage* stage) {
  const st::CallScope scope;
  delete stage;
}
