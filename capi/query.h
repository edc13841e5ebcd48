// Look-ups in a file's header, for every function that takes a name or an index.
#pragma once

#include <safetensors/safetensors.h>

#include <cstdint>

#include "format/header.h"

namespace capi {

// NULL if the file has no tensor with this name. Throws Code::invalid_argument.
const st::TensorEntry* find_tensor(const st_file* file, const char* name, std::uint64_t name_len);

// Reports ST_E_TENSOR_NOT_FOUND without an exception, as callers may expect absent names. Formats
// the message only if `error` is not NULL.
st_status tensor_not_found(st_error* error, const char* name, std::uint64_t name_len) noexcept;

// Throws Code::invalid_argument or out_of_range.
const st::TensorEntry& tensor_at(const st_file* file, std::uint32_t order, std::uint64_t index);

st_tensor_info describe(const st::Header& header, const st::TensorEntry& tensor) noexcept;

}  // namespace capi
