// The text of the index of a set.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace safetensors::cli {

struct IndexContent {
  // JSON texts of the metadata after total_size, by key.
  std::vector<std::pair<std::string, std::string>> metadata;
  std::uint64_t total_size = 0;
  std::vector<std::pair<std::string, std::string>> weight_map;  // tensor and file
  bool sorted = false;  // as transformers writes it, not as huggingface_hub
};

// The bytes of Python's json module: with an indent of 2, and ASCII only.
std::string index_text(IndexContent content);

}  // namespace safetensors::cli
