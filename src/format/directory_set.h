// Which of a directory's files are its set.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace st {

// The set of a directory: an index, or files without an index.
struct SetFiles {
  std::string index;               // empty without an index
  std::string whole;               // beside an index: the same set as one file, or empty
  std::vector<std::string> files;  // without an index: sorted by bytes
};

// Whether a path that a caller opens is an index: it ends in ".json".
bool is_index_path(std::string_view path) noexcept;

// Whether a directory's file is the index of a set: "NAME.safetensors.index.json", with a variant
// "NAME.safetensors.index.VARIANT.json", or "NAME.index.json" where NAME has no dot: indexes of
// other formats ("pytorch_model.bin.index.json") are not.
bool is_index_name(std::string_view name) noexcept;

// The name that the set of this index has as one file: "model.fp16.safetensors" for
// "model.safetensors.index.fp16.json".
std::string whole_file_of_index(std::string_view index_name);

// The same for the name of a shard ("model-00001-of-00002.safetensors", or with a generation
// "model-00001-of-00002.0123abcd.safetensors"); empty for other names.
std::string whole_file_of_shard(std::string_view shard_name);

// The names that the index of a shard's set may have; none for other names.
std::vector<std::string> index_names_of_shard(std::string_view shard_name);

// Whether a directory's entry is an index or a file of a set.
bool belongs_to_set(std::string_view name) noexcept;

// The set among the names of a directory's entries. Throws Code::set_ambiguous if there are several
// indexes, or, without an index, a whole file beside its shards; Code::not_found if there is
// neither an index nor a .safetensors file. `directory` is for messages.
SetFiles choose_set(const std::vector<std::string>& names, std::string_view directory);

[[noreturn]] void throw_ambiguous(std::string_view directory, std::string_view first,
                                  std::string_view second);

}  // namespace st
