// Joins the tensors of a checkpoint whose files have parts of them, as torch.distributed.checkpoint
// writes it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "file.h"
#include "format/dcp_sharding.h"
#include "format/header_write.h"
#include "format/tensor_parts.h"
#include "io/bytes.h"

namespace st {

class Consolidation {
 public:
  // Opens the *.safetensors of a directory and of its subdirectory "sharded". Throws Code::schema
  // for a file without valid positions, what opening files and join_parts() throw, or not_found
  // without files.
  explicit Consolidation(const char* directory);

  // For files that are open.
  explicit Consolidation(std::vector<File> files);

  Consolidation(const Consolidation&) = delete;
  Consolidation& operator=(const Consolidation&) = delete;

  // The whole tensors, by name. Their fill callbacks read the parts with constant memory; they
  // refer to this object, and one thread at a time may call them.
  std::span<const TensorToSave> tensors() const noexcept { return tensors_; }

  // The metadata that all files have in common, without the checkpoint's own.
  std::span<const MetadataEntry> metadata() const noexcept { return metadata_; }

  // Runs `save`, which saves the tensors. Throws the error of reading a part, which the save
  // reports as a cancelled callback.
  template <class Save>
  void run(Save save) {
    read_error_.reset();
    try {
      save();
    } catch (...) {
      if (read_error_) throw *read_error_;
      throw;
    }
  }

 private:
  struct Part {
    const File* file;
    const TensorEntry* tensor;
    PartLayout layout;
  };
  struct Whole {
    Consolidation* owner;
    std::vector<std::uint64_t> shape;
    std::vector<Part> parts;
  };

  void join();
  void join_metadata();
  void fill(const Whole& whole, std::uint64_t offset, std::byte* buffer, std::uint64_t count);
  void copy_part(const Part& part, std::uint64_t offset, std::byte* buffer, std::uint64_t count);
  static std::int32_t on_fill(void* whole, std::uint64_t offset, void* buffer,
                              std::uint64_t count) noexcept;

  std::vector<File> files_;
  std::vector<std::vector<PartPosition>> positions_;  // of each file
  std::deque<Whole> wholes_;                          // by name, as tensors_
  std::vector<TensorToSave> tensors_;
  std::vector<MetadataEntry> metadata_;
  Bytes window_;  // bytes of a part with short runs
  std::optional<Error> read_error_;
};

}  // namespace st
