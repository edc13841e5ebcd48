// Options of a set that outlive the caller's.
#pragma once

#include <deque>
#include <string>

#include "save_set.h"

namespace st {

class CopiedSetOptions {
 public:
  // Without the progress callback.
  CopiedSetOptions(const SetOptions& options, const ShardOptions& shard_options)
      : set(options), shards(shard_options) {
    set.name = {copy(options.name.stem), copy(options.name.variant)};
    shards.progress = {};
    for (auto* entries : {&set.index_metadata, &shards.metadata}) {
      for (MetadataEntry& entry : *entries)
        entry = {copy(entry.key), copy(entry.value)};
    }
  }
  CopiedSetOptions(const CopiedSetOptions&) = delete;
  CopiedSetOptions& operator=(const CopiedSetOptions&) = delete;

  SetOptions set;
  ShardOptions shards;

 private:
  std::string_view copy(std::string_view text) { return text_.emplace_back(text); }

  std::deque<std::string> text_;  // that views refer to
};

}  // namespace st
