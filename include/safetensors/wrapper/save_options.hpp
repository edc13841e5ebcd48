// SaveOptions: how Builder and Writer save.
#ifndef SAFETENSORS_WRAPPER_SAVE_OPTIONS_HPP
#define SAFETENSORS_WRAPPER_SAVE_OPTIONS_HPP

#include <safetensors/wrapper/file.hpp>

#include <cstdint>
#include <functional>

namespace safetensors {

enum class Durability : std::uint32_t {
  None = ST_DURABILITY_NONE,    // a power failure may lose the new file
  Fsync = ST_DURABILITY_FSYNC,  // file and directory are synced before save returns
};

// What a save does with a symbolic link at its path.
enum class Link : std::uint32_t {
  Replace = ST_LINK_REPLACE,  // the file that the link points to stays unchanged
  Follow = ST_LINK_FOLLOW,    // the file that the link points to is replaced
};

// Receives the number of bytes processed so far and their total, on the thread that processes them.
// Returns true to continue; false cancels, and the call throws Error ST_E_CANCELLED.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct SaveOptions {
  Durability durability = Durability::None;  // ignored for memory
  Link link = Link::Replace;                 // ignored for memory
  // Permission bits, or ST_MODE_INHERIT (those of the replaced file), or ST_MODE_UMASK.
  std::uint32_t mode = ST_MODE_INHERIT;
  MetadataForm metadata_form = MetadataForm::Absent;  // of a file without entries
  std::uint64_t alignment = 0;  // of the tensor data: a power of two from 8 to 65,536; 0: 8
  Progress progress = nullptr;  // ignored by Writer
};

namespace detail {

// The options of the C ABI, without the progress callback.
inline st_save_options c_options(const SaveOptions& options) {
  st_save_options c_options = ST_SAVE_OPTIONS_INIT;
  c_options.durability = static_cast<std::uint32_t>(options.durability);
  c_options.link = static_cast<std::uint32_t>(options.link);
  c_options.mode = options.mode;
  c_options.metadata_form = static_cast<std::uint32_t>(options.metadata_form);
  c_options.alignment = options.alignment;
  return c_options;
}

}  // namespace detail

}  // namespace safetensors

#endif
