// SetOptions: how a model is divided into shards, and their names and index.
#ifndef SAFETENSORS_WRAPPER_SET_OPTIONS_HPP
#define SAFETENSORS_WRAPPER_SET_OPTIONS_HPP

#include <safetensors/safetensors.h>
#include <safetensors/wrapper/save_options.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace safetensors {

enum class Split : std::uint32_t {
  Hub = ST_SPLIT_HUB,           // as huggingface_hub: in the order given
  Balanced = ST_SPLIT_BALANCED  // few shards of similar sizes; not for SetWriter
};

enum class IndexFormat : std::uint32_t {
  Hub = ST_INDEX_HUB,       // as huggingface_hub: entries in the order of the shards
  Sorted = ST_INDEX_SORTED  // as transformers and diffusers: keys sorted, final newline
};

struct SetOptions {
  std::uint64_t max_shard_size = 0;  // bytes of tensor data in a shard; 0: 5,000,000,000
  Split split = Split::Hub;
  IndexFormat index_format = IndexFormat::Hub;
  std::string stem = "model";  // of the names, before "-00001-of-00002.safetensors"
  std::string variant = {};    // such as "fp16"; empty: none
  // Added to the index's metadata or, for one file, to the header's.
  std::vector<std::pair<std::string, std::string>> index_metadata = {};
  std::uint64_t total_parameters = 0;  // not 0: the index's metadata has it
  bool resume = false;                 // SetWriter keeps and reuses complete shards
};

namespace detail {

// The C struct of SetOptions, which it refers to.
class CSetOptions {
 public:
  explicit CSetOptions(const SetOptions& options) : entries_(c_entries(options.index_metadata)) {
    c_options_.split = static_cast<std::uint32_t>(options.split);
    c_options_.index_format = static_cast<std::uint32_t>(options.index_format);
    c_options_.resume = options.resume;
    c_options_.max_shard_size = options.max_shard_size;
    c_options_.stem = options.stem.data();
    c_options_.stem_len = options.stem.size();
    if (!options.variant.empty()) c_options_.variant = options.variant.data();
    c_options_.variant_len = options.variant.size();
    c_options_.index_metadata = entries_.data();
    c_options_.index_metadata_count = entries_.size();
    c_options_.total_parameters = options.total_parameters;
  }
  CSetOptions(const CSetOptions&) = delete;
  CSetOptions& operator=(const CSetOptions&) = delete;

  const st_set_options* get() const noexcept { return &c_options_; }

 private:
  std::vector<st_metadata_entry> entries_;
  st_set_options c_options_ = ST_SET_OPTIONS_INIT;
};

}  // namespace detail
}  // namespace safetensors

#endif
