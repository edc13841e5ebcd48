// A save of one tensor whose bytes are all equal, so that files are told apart by their content.
#pragma once

#include <safetensors/safetensors.h>

#include <cstdint>
#include <functional>
#include <string>

namespace faults {

struct SaveRequest {
  std::string path = "file";
  unsigned char value = 1;  // of every byte of the tensor
  std::uint64_t nbytes = 100'000;
  std::uint32_t durability = ST_DURABILITY_NONE;
  std::uint32_t mode = ST_MODE_INHERIT;
  std::uint32_t link = ST_LINK_REPLACE;
  // The tensor's bytes, all `value`; NULL: the fill callback produces them.
  const void* data = nullptr;
  // Called from the fill callback: the temporary file exists, and is not complete.
  std::function<void()> while_writing;
};

st_status save(const SaveRequest& request, st_error* error);

// Whether the file at the request's path is the one that the request saves.
bool is_saved(const SaveRequest& request);

}  // namespace faults
