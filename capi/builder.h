// st_builder: a list of tensors and metadata to save, with the memory that it owns.
#pragma once

#include <safetensors/safetensors.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "format/header_write.h"

struct st_builder {
  // Adds a tensor with copies of its name and shape. `owner` keeps its bytes; null if the caller
  // does. Throws what check_tensor() throws; the builder is unchanged then.
  void add(st::TensorToSave tensor, std::shared_ptr<const void> owner = nullptr);

  // Adds a copy of an entry. Throws what check_metadata() throws.
  void add_metadata(const st::MetadataEntry& entry);

  std::vector<st::TensorToSave> tensors;
  std::vector<st::MetadataEntry> metadata;

 private:
  class Transaction;

  // Deques: appending does not move the elements that the tensors' views refer to.
  std::deque<std::string> text_;
  std::deque<std::vector<uint64_t>> shapes_;
  std::vector<std::shared_ptr<const void>> owners_;
};
