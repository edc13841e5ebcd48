// SaveOptions: how Builder and Writer save.
#ifndef SAFETENSORS_WRAPPER_SAVE_OPTIONS_HPP
#define SAFETENSORS_WRAPPER_SAVE_OPTIONS_HPP

#include <safetensors/wrapper/file.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <string_view>
#include <vector>

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

inline st_metadata_entry c_entry(std::string_view key, std::string_view value) {
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  entry.key = key.data();
  entry.key_len = key.size();
  entry.value = value.data();
  entry.value_len = value.size();
  return entry;
}

// Entries that refer to the strings of a container of pairs.
template <class Pairs>
std::vector<st_metadata_entry> c_entries(const Pairs& pairs) {
  std::vector<st_metadata_entry> entries;
  for (const auto& [key, value] : pairs)
    entries.push_back(c_entry(key, value));
  return entries;
}

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

// The progress callback of one call, and the exception that it threw.
class ProgressCall {
 public:
  explicit ProgressCall(const Progress& progress) : progress_(progress) {}
  ProgressCall(const ProgressCall&) = delete;
  ProgressCall& operator=(const ProgressCall&) = delete;

  // Sets the callback in the options of the call.
  void attach(st_save_options* options) {
    if (progress_) options->progress = on_progress;
    options->progress_user_data = this;
  }

  // Throws what the callback threw, or the error of the call.
  void check(st_status status, const st_error& error) const {
    if (status == ST_E_CANCELLED && thrown_) std::rethrow_exception(thrown_);
    detail::check(status, error);
  }

 private:
  static std::int32_t on_progress(void* self, std::uint64_t done, std::uint64_t total) {
    auto* call = static_cast<ProgressCall*>(self);
    try {
      return call->progress_(done, total) ? 0 : -1;
    }
    SAFETENSORS_RETHROW_FORCED_UNWIND catch (...) {
      call->thrown_ = std::current_exception();
      return -1;
    }
  }

  const Progress& progress_;
  std::exception_ptr thrown_;
};

}  // namespace detail

}  // namespace safetensors

#endif
