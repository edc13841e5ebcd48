// The files of a directory that belong to models.
#pragma once

#include <string>
#include <vector>

namespace safetensors::cli {

struct ModelFiles {
  std::string directory;
  std::vector<std::string> tensors;     // names of *.safetensors, sorted
  std::vector<std::string> indexes;     // names of *.safetensors.index.json and the like
  std::vector<std::string> unfinished;  // of interrupted downloads and saves

  std::string path(const std::string& name) const;
};

// Throws IoError.
ModelFiles list_model_files(const std::string& directory);

// The name of the whole file that an index divides: "model.safetensors" of
// "model.safetensors.index.json", "model.fp16.safetensors" of "model.safetensors.index.fp16.json".
std::string whole_file_of(const std::string& index);

bool is_index_name(const std::string& name);

}  // namespace safetensors::cli
