// Kernels of the fake accelerator.
#pragma once

#include <c10/core/Allocator.h>

namespace fake {

// Registers the kernels of the fake accelerator; tensors are allocated by `allocator`. Other
// operators run on the CPU, on copies.
void register_kernels(c10::Allocator* allocator);

// Sets whether tensors have a storage. Without one, as on XLA, only copy_ accesses their values.
void set_storages(bool have);

}  // namespace fake
