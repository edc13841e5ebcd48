// Validates a caller's tensors and options, converts them to the types of src/, and saves them.
// Does not copy names, shapes and bytes.
#pragma once

#include <safetensors/safetensors.h>

#include <cstdint>
#include <vector>

#include "handles.h"
#include "save.h"
#include "save_set.h"

namespace capi {

// A tensor without bytes from the arguments that the functions for one tensor have in common.
st_save_tensor save_tensor_of(const char* name, std::uint64_t name_len, std::uint32_t dtype,
                              const std::uint64_t* shape, std::uint64_t rank) noexcept;

// Throws Code::invalid_argument or dtype.
st::TensorToSave tensor_of(const st_save_tensor& given);

// For a writer: without data and fill; nbytes 0 stands for the size of dtype and shape. Throws
// Code::invalid_argument, dtype, overflow or subbyte.
st::TensorToSave declared_tensor_of(const st_save_tensor& given);

std::vector<st::TensorToSave> tensors_of(const st_save_tensor* tensors, std::uint64_t count);
std::vector<st::TensorToSave> declared_tensors_of(const st_save_tensor* tensors,
                                                  std::uint64_t count);

// Appends the caller's entries.
void append_metadata(const st_metadata_entry* given, std::uint64_t count,
                     std::vector<st::MetadataEntry>* metadata);

// `metadata` comes before that of the options. Throws Code::invalid_argument.
st::ShardOptions save_options_of(const st_save_options* options,
                                 std::vector<st::MetadataEntry> metadata = {});

class SaveRequest {
 public:
  // `metadata` comes before that of the options. Throws Code::invalid_argument.
  SaveRequest(std::span<const st::TensorToSave> tensors, const st_save_options* options,
              std::vector<st::MetadataEntry> metadata = {});

  void save(const char* path) const;
  std::uint64_t size() const { return plan_.file_size; }
  // Returns the number of bytes written.
  std::uint64_t save_memory(void* buffer, std::uint64_t buffer_size) const;
  void save_io(st_write_fn write, void* user_data) const;
  st_writer* open_writer(const char* path) const;

 private:
  std::span<const st::TensorToSave> tensors_;
  st::ShardOptions options_;
  st::SavePlan plan_;
};

}  // namespace capi
