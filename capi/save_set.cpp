// st_save_set, and the options of sets.
#include <safetensors/safetensors.h>

#include <vector>

#include "guard.h"
#include "save_request.h"
#include "set_options.h"
#include "structs.h"

namespace capi {

SetOptions set_options_of(const st_set_options* given) {
  SetOptions options;
  if (!given) return options;
  const auto fields = read_struct<st_set_options>(given);
  options.set.split = enum_value(fields.split, st::Split::balanced, "split");
  options.set.index_format =
      enum_value(fields.index_format, st::IndexFormat::sorted, "index_format");
  require(fields.resume <= 1, "resume is neither 0 nor 1");
  options.resume = fields.resume == 1;
  if (fields.max_shard_size != 0) options.set.max_shard_size = fields.max_shard_size;
  require(fields.stem || fields.stem_len == 0, "stem is NULL");
  if (fields.stem) options.set.name.stem = text_of(fields.stem, fields.stem_len, "stem");
  require(!fields.variant || fields.variant_len != 0, "variant is empty");
  options.set.name.variant = text_of(fields.variant, fields.variant_len, "variant");
  append_metadata(fields.index_metadata, fields.index_metadata_count, &options.set.index_metadata);
  options.set.total_parameters = fields.total_parameters;
  st::check_set_options(options.set);
  return options;
}

}  // namespace capi

st_status st_save_set(const char* directory, const st_save_tensor* tensors, uint64_t count,
                      const st_set_options* set, const st_save_options* options, st_error* error) {
  return capi::guard(error, [&] {
    capi::require(directory != nullptr, "directory is NULL");
    const auto converted = capi::tensors_of(tensors, count);
    st::save_set(directory, converted, capi::set_options_of(set).set,
                 capi::save_options_of(options));
  });
}
