// Writes planned tensors into a file or into memory.
#pragma once

#include <cstdint>
#include <span>

#include "callbacks.h"
#include "format/header_write.h"
#include "io/platform.h"

namespace st {

// Called on the saving thread.
struct Progress {
  ProgressFn callback = nullptr;
  void* user_data = nullptr;
};

// All of the file or none of it replaces `path`.
void save_to_file(const char* path, std::span<const TensorToSave> tensors, const SavePlan& plan,
                  const FileOptions& options, const Progress& progress);

// `buffer` holds plan.file_size bytes.
void save_to_memory(void* buffer, std::span<const TensorToSave> tensors, const SavePlan& plan,
                    const Progress& progress);

}  // namespace st
