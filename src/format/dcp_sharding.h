// Parses DCP_SHARDING_INFO, the metadata in which torch.distributed.checkpoint's Hugging Face
// writer stores where the tensors of a file belong in the tensors of the checkpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace st {

inline constexpr std::string_view dcp_sharding_key = "DCP_SHARDING_INFO";

struct PartPosition {
  std::string name;                    // of the tensor, in the file and in the checkpoint
  std::vector<std::uint64_t> offsets;  // of its first element, per dimension
  std::optional<std::vector<std::uint64_t>> global_shape;  // older writers do not store it
};

// Parses {"NAME":{"saved_offsets":[0,8],"global_shape":[16,16]}}. Sorted by name. Throws
// Code::schema for everything else: unknown fields too, which could change the meaning.
std::vector<PartPosition> parse_sharding_info(std::string_view text);

}  // namespace st
