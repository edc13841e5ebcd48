// Names of the files of a set: shards, index, and the whole file of a set with one shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace st {

struct SetName {
  std::string_view stem = "model";
  std::string_view variant = {};  // empty: none
};

// Throws Code::invalid_argument for a stem or variant that cannot be a part of the names, and
// Code::utf8.
void check_set_name(const SetName& name);

// STEM[.VARIANT].safetensors
std::string whole_file_name(const SetName& name);

// STEM.safetensors.index[.VARIANT].json
std::string index_file_name(const SetName& name);

// STEM[.VARIANT]-00001-of-00002[.GENERATION].safetensors; `number` counts from 1.
std::string shard_file_name(const SetName& name, std::size_t number, std::size_t count,
                            std::string_view generation = {});

// 8 hexadecimal digits.
std::string generation_of(std::uint32_t random);

// Whether a shard's name in an index is that of a file in the index's own directory, so that the
// file may be removed with the set.
bool is_plain_shard_name(std::string_view name) noexcept;

}  // namespace st
