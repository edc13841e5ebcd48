// Implements save_file, save and save_set.
#include <safetensors/torch.hpp>

#include "names/apply_renames.h"
#include "save_builder.h"
#include "save_checks.h"

namespace safetensors {

namespace {

StateDict checked_state(const NamedTensors& tensors, const Renames& renames) {
  StateDict state = rename_tensors({tensors.begin(), tensors.end()}, renames);
  check_storable(state);
  check_unshared(state);
  check_contiguous(state, "call contiguous() first");
  return state;
}

}  // namespace

void save_file(const NamedTensors& tensors, const std::filesystem::path& path,
               const Metadata& metadata, const SaveFileOptions& options) {
  save_builder(checked_state(tensors, options.renames), metadata)
      .save(path, save_options_of(options));
}

Buffer save(const NamedTensors& tensors, const Metadata& metadata, const SaveFileOptions& options) {
  const Builder builder = save_builder(checked_state(tensors, options.renames), metadata);
  const SaveOptions memory_options = save_options_of(options);
  Buffer buffer(builder.save_size(memory_options));
  builder.save_into(MutableBytes(buffer), memory_options);
  return buffer;
}

void save_set(const NamedTensors& tensors, const std::filesystem::path& directory,
              const Metadata& metadata, const SaveSetOptions& options) {
  save_builder(checked_state(tensors, options.renames), metadata)
      .save_set(directory, options.set, save_options_of(options));
}

}  // namespace safetensors
