// Writes headers, byte for byte as the reference implementation does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "callbacks.h"
#include "format/dtype.h"
#include "format/header.h"

namespace st {

struct TensorToSave {
  std::string_view name;
  Dtype dtype;
  std::span<const std::uint64_t> shape;
  const std::byte* data;  // null if `fill` provides the bytes
  std::uint64_t nbytes;
  FillFn fill;
  void* user_data;
  std::uint64_t storage_id = 0;      // not 0: equal for tensors that share memory
  std::uint64_t storage_nbytes = 0;  // size of that memory; 0: nbytes
};

struct SavePlan {
  std::vector<char> header_bytes;    // length, JSON and padding
  std::vector<std::uint32_t> order;  // of the tensors in the file
  std::uint64_t file_size;
};

// Throws Code::size_mismatch, overflow, subbyte, utf8, or invalid_argument for "__metadata__".
void check_tensor(const TensorToSave& tensor);

// Throws Code::duplicate.
void check_names_differ(std::span<const TensorToSave> tensors);

// Throws Code::utf8.
void check_metadata(const MetadataEntry& entry);

// Throws Code::utf8, or invalid_argument for "__metadata__".
void check_tensor_name(std::string_view name);

// Sorts the entries by key. Throws Code::utf8 or duplicate.
void sort_metadata(std::vector<MetadataEntry>* metadata);

// Writes a header's text: the metadata, then the tensors in the order of the file.
class HeaderWriter {
 public:
  // `metadata` is sorted by key; `empty_metadata` is the form to write for no entries.
  HeaderWriter(std::span<const MetadataEntry> metadata, MetadataForm empty_metadata);

  void add_tensor(std::string_view name, Dtype dtype, std::span<const std::uint64_t> shape,
                  std::uint64_t begin, std::uint64_t end);

  // Ends the text. Returns the size of the header without padding: the text and the 8 bytes of its
  // length.
  std::uint64_t finish_text();

  // After finish_text(): the length, the text and spaces up to `data_offset` bytes. Throws
  // Code::header_too_large.
  std::vector<char> finish(std::uint64_t data_offset);

 private:
  std::vector<char> bytes_;
  bool has_members_;
};

// `size` rounded up to a multiple of `alignment`.
std::uint64_t round_up(std::uint64_t size, std::uint64_t alignment) noexcept;

// Metadata is written in the order of its keys; `empty_metadata` is the form to write for
// no entries. The data begins at a multiple of `alignment`.
// Throws what check_tensor does, and duplicate, overflow or header_too_large.
SavePlan plan_save(std::span<const TensorToSave> tensors, std::vector<MetadataEntry> metadata,
                   MetadataForm empty_metadata, std::uint64_t alignment);

}  // namespace st
