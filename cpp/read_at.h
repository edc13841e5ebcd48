// Reads bytes of a file at an offset.
#pragma once

#include <cstdint>
#include <safetensors/safetensors.hpp>

namespace safetensors {

// Fills `buffer` with the bytes of the file from `file_offset`. Throws Error ST_E_IO,
// ST_E_TRUNCATED.
inline void read_at(const File& file, std::uint64_t file_offset, MutableBytes buffer) {
  st_error error = ST_ERROR_INIT;
  detail::check(st_read_at(file.handle(), file_offset, buffer.data(), buffer.size(), &error),
                error);
}

}  // namespace safetensors
