// Tensors and metadata as the C ABI saves them.
#pragma once

#include <c10/util/DimVector.h>

#include <cstdint>
#include <deque>
#include <exception>
#include <safetensors/torch.hpp>
#include <vector>

#include "device/device_save.h"
#include "tensor/shared_tensors.h"

namespace safetensors {

class SaveRequest {
 public:
  // The tensors have passed save_checks. `metadata` and `progress` must outlive the request.
  SaveRequest(StateDict tensors, const Metadata& metadata, const Progress& progress);
  SaveRequest(const SaveRequest&) = delete;
  SaveRequest& operator=(const SaveRequest&) = delete;

  // Throws Error, what `progress` throws, and what LibTorch throws while it brings a tensor to the
  // host.
  void to_file(const std::filesystem::path& path, Durability durability);
  Buffer to_memory();

 private:
  void add(const NamedTensor& named);
  st_save_options options();
  void check(st_status status, const st_error& error);
  static std::int32_t on_progress(void* self, std::uint64_t done, std::uint64_t total) noexcept;

  StateDict tensors_;  // keeps the bytes
  std::deque<c10::SmallVector<std::uint64_t, c10::kDimVectorStaticSize>> shapes_;
  std::deque<DeviceFill> fills_;
  std::vector<st_save_tensor> entries_;
  std::vector<st_metadata_entry> metadata_;
  const Progress& progress_;
  std::exception_ptr thrown_;
};

}  // namespace safetensors
