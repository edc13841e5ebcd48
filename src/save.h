// Saves tensors, in the order and with the header of a SavePlan, to a file, to memory or through a
// callback. Throws Code::invalid_argument, before anything is written, for a tensor that has bytes
// but neither data nor a fill callback.
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

// Throws Code::invalid_argument if a tensor has bytes but neither data nor a fill callback.
void require_bytes(std::span<const TensorToSave> tensors);

// Calls the callback, if there is one. Throws Code::io or cancelled.
void report_progress(const Progress& progress, std::uint64_t done, std::uint64_t total);

// Called on the saving thread.
struct Sink {
  WriteFn callback = nullptr;
  void* user_data = nullptr;
};

// Calls the tensor's fill callback.
void fill_piece(const TensorToSave& tensor, std::uint64_t offset, void* buffer,
                std::uint64_t count);

// Writes and commits a file of tensors that require_bytes accepts. Progress counts from `done` on:
// the bytes of files before it.
void write_file(AtomicFile* file, std::span<const TensorToSave> tensors, const SavePlan& plan,
                const Progress& progress, std::uint64_t done, std::uint64_t total);

// Replaces the file at `path` atomically.
void save_to_file(const char* path, std::span<const TensorToSave> tensors, const SavePlan& plan,
                  const FileOptions& options, const Progress& progress);

// `buffer` holds plan.file_size bytes.
void save_to_memory(void* buffer, std::span<const TensorToSave> tensors, const SavePlan& plan,
                    const Progress& progress);

// Passes the file's bytes to the callback in order, in pieces of at most 16 MiB: the header, the
// tensors' own memory, and what their fill callbacks provide.
void save_to_sink(const Sink& sink, std::span<const TensorToSave> tensors, const SavePlan& plan,
                  const Progress& progress);

}  // namespace st
