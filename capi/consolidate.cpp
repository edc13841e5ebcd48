// st_consolidate.
#include "consolidate.h"

#include <safetensors/safetensors.h>

#include <algorithm>

#include "guard.h"
#include "save_request.h"
#include "save_set.h"
#include "set_options.h"

namespace {

// Adds the checkpoint's metadata; where both have a key, the caller's value counts.
void add_metadata(std::span<const st::MetadataEntry> common, st::ShardOptions* options) {
  const std::size_t given = options->metadata.size();
  for (const st::MetadataEntry& entry : common) {
    const auto end = options->metadata.begin() + static_cast<std::ptrdiff_t>(given);
    const bool replaced =
        std::any_of(options->metadata.begin(), end,
                    [&](const st::MetadataEntry& other) { return other.key == entry.key; });
    if (!replaced) options->metadata.push_back(entry);
  }
}

}  // namespace

st_status st_consolidate(const char* source_directory, const char* directory,
                         const st_set_options* set, const st_save_options* options,
                         st_error* error) {
  return capi::guard(error, [&] {
    capi::require(source_directory != nullptr, "source_directory is NULL");
    capi::require(*source_directory != '\0', "source_directory is empty");
    capi::require(directory != nullptr, "directory is NULL");
    const capi::SetOptions sharding = capi::set_options_of(set);
    st::ShardOptions saving = capi::save_options_of(options);
    st::Consolidation checkpoint(source_directory);
    add_metadata(checkpoint.metadata(), &saving);
    checkpoint.run([&] { st::save_set(directory, checkpoint.tensors(), sharding.set, saving); });
  });
}
