// RawHeader: what can be read of the header of a file that the library rejects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/input/raw_file.h"

namespace safetensors::cli {

// Bytes of the longest header that the library and the reference accept.
inline constexpr std::uint64_t longest_header = 100'000'000;

struct RawEntry {
  std::string name;
  std::string dtype_text;
  std::optional<Dtype> dtype;  // if the library knows it
  std::vector<std::uint64_t> shape;
  // Data offsets, so far below 2^64 that sums with the length of a header do not overflow.
  std::uint64_t begin = 0, end = 0;

  // Bytes of the elements; nothing for an unknown dtype, a fraction of a byte or an overflow.
  std::optional<std::uint64_t> nbytes() const;
  bool operator==(const RawEntry& other) const;
};

// What follows the JSON text within the length of the header.
enum class Padding { Spaces, Whitespace, Nul, Other };

struct RawHeader {
  std::uint64_t file_size = 0;
  std::uint64_t length = 0;       // as the first 8 bytes say
  std::uint64_t json_length = 0;  // of the JSON text, with whitespace before it
  Padding padding = Padding::Spaces;
  // The reference wrote '{},"__metadata__":{...}}' for a file without tensors before release 0.5.
  bool is_broken_empty = false;
  std::vector<RawEntry> entries;  // by data offset; equal ones once
  Metadata metadata;              // the first value of each key
  // Names of tensors and keys of metadata that occur again, with the same content or another one.
  std::vector<std::string> repeated_names, repeated_keys;
  std::vector<std::string> conflicting_names, conflicting_keys;
  // The first defect of the JSON text or of an entry; empty without one.
  std::string defect;
  bool has_json = false;
  bool is_too_long = false;  // complete, and longer than readers accept: it was not read

  // The end of the last tensor's data, counted from the first data byte.
  std::uint64_t data_end() const;
};

// Never throws for damage. Throws IoError.
RawHeader read_raw_header(const RawFile& file);

}  // namespace safetensors::cli
