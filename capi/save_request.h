// What a caller wants saved, checked and in the core's terms. All of it is borrowed.
#pragma once

#include <safetensors/safetensors.h>

#include <cstdint>
#include <span>
#include <vector>

#include "save.h"

namespace capi {

struct SaveOptions {
  std::vector<st::MetadataEntry> metadata;
  st::MetadataForm empty_metadata = st::MetadataForm::absent;
  std::uint64_t alignment = 8;
  st::FileOptions file;
  st::Progress progress;
};

// Throws Code::invalid_argument.
SaveOptions options_of(const st_save_options* options);

// Throws Code::invalid_argument or dtype.
st::TensorToSave tensor_of(const st_save_tensor& given);
std::vector<st::TensorToSave> tensors_of(const st_save_tensor* tensors, std::uint64_t count);

// The three ways to save.
void save(const char* path, std::span<const st::TensorToSave> tensors, SaveOptions rules);
void save_size(std::span<const st::TensorToSave> tensors, SaveOptions rules, std::uint64_t* nbytes);
void save_memory(std::span<const st::TensorToSave> tensors, SaveOptions rules, void* buffer,
                 std::uint64_t buffer_size, std::uint64_t* nbytes);

}  // namespace capi
