// Writes small text files atomically.
#pragma once

#include <string>

namespace safetensors::cli {

// Whether a symbolic link may be replaced.
enum class Links { Keep, Replace };

// Throws UsageError if something exists at the path: without `force` anything, with it all but a
// regular file or a link that may be replaced.
void check_text_target(const std::string& path, bool force, Links links);

// Replaces a file atomically: the old or the new one is complete at any time, and a killed process
// leaves nothing, or a file .st-* where the file system has no files without names. With `fsync`
// waits until the file and its name are on the disk. Throws IoError, and Error ST_E_CANCELLED for
// an interrupt.
void replace_text_file(const std::string& path, const std::string& text, bool fsync);

}  // namespace safetensors::cli
