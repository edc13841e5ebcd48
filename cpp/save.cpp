// save_file and save.
#include <safetensors/torch.hpp>

#include "names/apply_renames.h"
#include "save_checks.h"
#include "save_request.h"

namespace safetensors {

namespace {

StateDict checked_state(const NamedTensors& tensors, const Renames& renames) {
  StateDict state = renamed_state({tensors.begin(), tensors.end()}, renames);
  check_storable(state);
  check_unshared(state);
  check_contiguous(state, "call contiguous() before");
  return state;
}

}  // namespace

void save_file(const NamedTensors& tensors, const std::filesystem::path& path,
               const Metadata& metadata, const SaveFileOptions& options) {
  SaveRequest request(checked_state(tensors, options.renames), metadata, options.progress);
  request.to_file(path, options.durability);
}

Buffer save(const NamedTensors& tensors, const Metadata& metadata, const SaveFileOptions& options) {
  SaveRequest request(checked_state(tensors, options.renames), metadata, options.progress);
  return request.to_memory();
}

}  // namespace safetensors
