// What processes tell each other before they save: their parts, and the files of the set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <safetensors/safetensors.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "distributed/part_codec.h"

namespace safetensors {

// A tensor of which one or more processes have parts.
struct DeclaredTensor {
  std::string name;
  Dtype dtype;
  std::vector<std::uint64_t> shape;
  std::vector<std::optional<PartIntervals>> parts;  // of each process
};

std::uint64_t nbytes_of(const DeclaredTensor& tensor);

void encode_declaration(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape,
                        const PartIntervals& part, ByteWriter* bytes);

// Joins the declarations of all processes: in the order of process 0, then those that only later
// ones have. `encoded` has, for each process, the number of its declarations and then these. Throws
// Error ST_E_INVALID_ARGUMENT for a tensor that has another dtype or shape on another process,
// ST_E_DUPLICATE for a repeated one.
std::vector<DeclaredTensor> join_declarations(const std::vector<std::vector<std::byte>>& encoded);

// The files of a set as process 0 staged them.
struct StagedFiles {
  std::vector<std::filesystem::path> paths;  // relative to the directory
  std::vector<std::uint64_t> shard_of;       // by tensor
  Durability durability = Durability::None;
  std::uint64_t alignment = 0;
  std::uint64_t staging_bytes = 0;
  Metadata metadata;  // of each file
};

void encode_files(const StagedFiles& files, ByteWriter* bytes);
StagedFiles decode_files(Bytes bytes, std::size_t tensor_count);

}  // namespace safetensors
