// Finding tensors by name or index, for everything that takes one.
#pragma once

#include <safetensors/safetensors.h>

#include <cstdint>

#include "format/header.h"

namespace capi {

// Throws Code::invalid_argument or tensor_not_found.
const st::TensorEntry& find_tensor(const st_file* file, const char* name, std::uint64_t name_len);

// Throws Code::invalid_argument or out_of_range.
const st::TensorEntry& tensor_at(const st_file* file, std::uint32_t order, std::uint64_t index);

// `info` is cleared already.
void describe(const st::Header& header, const st::TensorEntry& tensor,
              st_tensor_info* info) noexcept;

}  // namespace capi
