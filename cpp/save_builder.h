// Adds the tensors of LibTorch to a Builder.
#pragma once

#include <safetensors/safetensors.hpp>

#include "tensor/shared_tensors.h"

namespace safetensors {

// The tensors have passed save_checks. The Builder keeps them. Saving it throws what LibTorch
// throws while it copies a tensor to the host.
Builder save_builder(const StateDict& state, const Metadata& metadata);

// The SaveOptions among SaveFileOptions, SaveSetOptions or SaveModelOptions.
template <class Options>
SaveOptions save_options_of(const Options& options) {
  return {.durability = options.durability,
          .link = options.link,
          .mode = options.mode,
          .alignment = options.alignment,
          .progress = options.progress};
}

}  // namespace safetensors
