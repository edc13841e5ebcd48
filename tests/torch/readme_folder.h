// The working directory of a README example.
#pragma once

#include <filesystem>

#include "sample.hpp"
#include "scratch_directory.hpp"
#include "tensors.h"

// The current directory, with a model.safetensors, and the same in shards in sharded/.
class ReadmeFolder {
 public:
  ReadmeFolder() : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(folder_ / "");
    safetensors::save_file(
        {{"bert.layer.0.weight", counting({3, 4})}, {"bert.layer.1.weight", counting({2})}},
        "model.safetensors");
    safetensors::save_set(safetensors::load_file("model.safetensors"), "sharded", {},
                          {.set = {.max_shard_size = 48}});
  }
  ReadmeFolder(const ReadmeFolder&) = delete;
  ReadmeFolder& operator=(const ReadmeFolder&) = delete;
  ~ReadmeFolder() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_;
  ScratchDirectory folder_;
};
