// An open file, or a set of files as one: the source of its bytes and its header.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "format/header.h"
#include "format/header_parse.h"
#include "io/source.h"

namespace st {

struct HeaderOptions {
  std::uint64_t max_size = max_header_size;  // bytes of JSON
  Strictness strictness = Strictness::compatible;
};

// What File::get returns for a tensor whose address is not a multiple of its element size.
enum class Unaligned : std::uint32_t { allow = 0, copy = 1 };

// A file of a set.
struct Shard {
  std::shared_ptr<const Source> source;
  std::shared_ptr<const Header> header;
  std::uint64_t first_offset;  // of the shard's first byte in the set
  std::uint64_t tensor_count;  // tensors that the set has from this shard
};

// What a file that is a set has besides. Empty for other files.
struct SetParts {
  std::vector<Shard> shards;                  // in the order of their offsets
  std::optional<std::string> index_metadata;  // JSON
  std::shared_ptr<const Source> index;        // null for a set without an index
};

// A directory's indexes and files of sets when a set was chosen of them.
struct DirectoryFiles {
  std::string directory;  // absolute path
  std::vector<std::string> names;
};

struct File {
  std::shared_ptr<const Source> source;
  std::shared_ptr<const Header> header;
  std::shared_ptr<const SetParts> set;  // null for a file that is not a set
  Unaligned unaligned = Unaligned::allow;
  std::shared_ptr<const DirectoryFiles> chosen_of;  // null unless it was opened by its directory

  Bytes get(const TensorEntry& tensor) const;
};

// Reads and checks the header. Nothing is allocated before its length is known to fit the file.
File open_file(std::shared_ptr<const Source> source, const HeaderOptions& options);

// The same; the messages of errors end with the name of the source.
File open_named_file(std::shared_ptr<const Source> source, const HeaderOptions& options);

}  // namespace st
