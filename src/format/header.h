// A valid header: its tensors, their byte ranges and its metadata. Immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "format/dtype.h"
#include "format/name_index.h"
#include "io/platform.h"

namespace st {

// The format's own limit, in bytes of JSON.
inline constexpr std::uint64_t max_header_size = 100'000'000;

// One tensor. The views live as long as the Header.
struct TensorEntry {
  std::string_view name;
  std::span<const std::uint64_t> shape;  // never a null pointer
  Dtype dtype;
  std::uint64_t begin;  // bytes from the start of the data
  std::uint64_t end;

  std::uint64_t nbytes() const noexcept { return end - begin; }
};

struct MetadataEntry {
  std::string_view key;
  std::string_view value;
};

// What a header has as its `__metadata__`. Readers treat null and absent alike; a copy with the
// same bytes must not.
enum class MetadataForm : std::uint32_t { absent = 0, null = 1, present = 2 };

class Header {
 public:
  // Owns what the views of the entries point to.
  struct Storage {
    std::unique_ptr<char[]> text;
    std::unique_ptr<std::uint64_t[]> extents;
    std::vector<std::shared_ptr<const Header>> parts;  // of a set: the headers of its shards
  };

  // `tensors` in file order with `index` over their names, `metadata` by key.
  Header(Storage storage, LargeVector<TensorEntry> tensors, NameIndex index,
         std::vector<MetadataEntry> metadata, MetadataForm metadata_form,
         std::uint64_t data_offset) noexcept
      : storage_(std::move(storage)),
        tensors_(std::move(tensors)),
        index_(std::move(index)),
        metadata_(std::move(metadata)),
        metadata_form_(metadata_form),
        data_offset_(data_offset) {}

  std::span<const TensorEntry> tensors() const noexcept { return tensors_; }
  std::span<const MetadataEntry> metadata() const noexcept { return metadata_; }
  MetadataForm metadata_form() const noexcept { return metadata_form_; }

  // Where the data begins, in bytes from the start of the file.
  std::uint64_t data_offset() const noexcept { return data_offset_; }

  std::uint64_t file_offset(const TensorEntry& tensor) const noexcept {
    return data_offset_ + tensor.begin;
  }

  // Null if absent.
  const TensorEntry* find(std::string_view name) const noexcept;
  const MetadataEntry* find_metadata(std::string_view key) const noexcept;

  // Positions in tensors(), sorted by name. Computed on first use.
  std::span<const std::uint32_t> name_order() const;

 private:
  Storage storage_;
  LargeVector<TensorEntry> tensors_;
  NameIndex index_;
  std::vector<MetadataEntry> metadata_;
  MetadataForm metadata_form_;
  std::uint64_t data_offset_;
  LazyOrder name_order_;
};

}  // namespace st
