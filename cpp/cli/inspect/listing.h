// Listing: the tensors that ls shows, in its order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/inspect/ls.h"

namespace safetensors::cli {

struct Listing {
  File file;
  std::vector<Shard> shards;
  std::vector<std::string> shard_names;
  std::vector<TensorInfo> tensors;
  std::uint64_t nbytes = 0;    // of these tensors
  std::uint64_t elements = 0;  // of these tensors

  // Index of the shard that has a tensor.
  std::size_t shard_of(const TensorInfo& tensor) const;
};

Listing make_listing(const LsOptions& options);

// Whether a name comes before another if numbers are compared by value: "layer.2" before
// "layer.10".
bool natural_less(std::string_view a, std::string_view b);

// The layer of a name: the part up to the first number ("encoder.layer.0"), or the first component.
std::string_view layer_of(std::string_view name);

}  // namespace safetensors::cli
