// Opens a set: a model in one or more files, as one file.
#pragma once

#include <cstdint>

#include "file.h"
#include "io/source.h"

namespace st {

// Which tensors of its shards a set has.
enum class SetPolicy : std::uint32_t {
  index = 0,  // those that the index names, each from the shard that it names
  all = 1     // all; of those with one name, the one that the index names
};

struct OpenSetOptions {
  Backend backend = Backend::automatic;
  Access access = Access::read_only;
  HeaderOptions header;
  SetPolicy policy = SetPolicy::index;
};

// `path` is an index, a directory, or a file, which is a set of one file. The messages of errors
// name the files. Throws Code::set_index, set_path, set_shard_missing, set_tensor_missing,
// set_ambiguous and what open_file throws.
File open_set(const char* path, const OpenSetOptions& options);

}  // namespace st
