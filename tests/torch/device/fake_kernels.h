#pragma once

#include <c10/core/Allocator.h>

namespace fake {

// Registers the fake accelerator's kernels; tensors get their memory from `allocator`. What is not
// among them runs on the CPU, on copies.
void register_kernels(c10::Allocator* allocator);

// Whether tensors have a storage. Without one, as on XLA, only copy_ knows where their values are.
void set_storages(bool have);

}  // namespace fake
