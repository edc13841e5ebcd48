// Saves tensors, in the order and with the header of a SavePlan, to a file or to memory.
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

// Calls the tensor's fill callback.
void fill_piece(const TensorToSave& tensor, std::uint64_t offset, void* buffer,
                std::uint64_t count);

// Writes and commits a file. Progress counts from `done` on: the bytes of files before it.
void write_file(AtomicFile* file, std::span<const TensorToSave> tensors, const SavePlan& plan,
                const Progress& progress, std::uint64_t done, std::uint64_t total);

// Replaces the file at `path` atomically.
void save_to_file(const char* path, std::span<const TensorToSave> tensors, const SavePlan& plan,
                  const FileOptions& options, const Progress& progress);

// `buffer` holds plan.file_size bytes.
void save_to_memory(void* buffer, std::span<const TensorToSave> tensors, const SavePlan& plan,
                    const Progress& progress);

}  // namespace st
