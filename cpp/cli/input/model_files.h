// The files of a directory that belong to models.
#pragma once

#include <string>
#include <vector>

namespace safetensors::cli {

struct ModelFiles {
  std::string directory;
  std::vector<std::string> tensors;     // names of *.safetensors that are not hidden, sorted
  std::vector<std::string> indexes;     // names of *.safetensors.index.json and the like
  std::vector<std::string> unfinished;  // of interrupted downloads and saves
  std::vector<std::string> resources;   // "._" files that macOS stores beside others

  std::string path(const std::string& name) const;
};

// The file that a download or its control file belongs to: "a.safetensors" of
// "a.safetensors.aria2". Empty for names that are not those of unfinished downloads.
std::string finished_name(const std::string& name);

// Throws IoError.
ModelFiles list_model_files(const std::string& directory);

// The name of the whole file that an index divides: "model.safetensors" of
// "model.safetensors.index.json", "model.fp16.safetensors" of "model.safetensors.index.fp16.json".
// Empty for other names.
std::string whole_file_of(const std::string& index);

// The path of a model's index, of which a directory has at most one; empty without one.
std::string index_path(const std::string& model);

// Whether the library takes a file of a directory with this name as an index.
bool is_index_name(const std::string& name);

// The directory of a file; "." for a name alone.
std::string directory_of(const std::string& path);

}  // namespace safetensors::cli
