// A plan and its tensors -> bytes, in a file or in memory.
#pragma once

#include <cstdint>
#include <span>

#include "format/header_write.h"

namespace st {

// Called on the saving thread; anything but 0 cancels.
struct Progress {
  std::int32_t (*report)(void* user_data, std::uint64_t done, std::uint64_t total) = nullptr;
  void* user_data = nullptr;
};

enum class Durability : std::uint32_t { none = 0, fsync = 1 };

struct FileRules {
  Durability durability = Durability::none;
  std::uint32_t mode =
      0;  // permission bits; 0: as the file that is replaced, or 0666 less the umask
};

// All of the file or none of it takes the place of `path`.
void save_to_file(const char* path, std::span<const TensorToSave> tensors, const SavePlan& plan,
                  const FileRules& rules, const Progress& progress);

// `buffer` holds plan.file_size bytes.
void save_to_memory(void* buffer, std::span<const TensorToSave> tensors, const SavePlan& plan,
                    const Progress& progress);

// Asks a tensor's callback for bytes; throws Code::io or cancelled with the tensor's name.
void fill_piece(const TensorToSave& tensor, std::uint64_t offset, void* buffer,
                std::uint64_t count);

// Throws Code::cancelled where the callback says so.
void report_progress(const Progress& progress, std::uint64_t done, std::uint64_t total);

}  // namespace st
