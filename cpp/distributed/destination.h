// The tensors that receive what a process loads.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <safetensors/safetensors.hpp>
#include <vector>

#include "distributed/plan_rules.h"
#include "distributed/tensor_slice.h"

namespace safetensors {

// A part of a tensor of the file, and the tensor of its sizes that receives it.
struct Destination {
  PlannedPart part;
  TensorSlice slice;
  c10::ScalarType dtype;    // in the file
  at::Tensor tensor;        // contiguous
  at::Tensor strided{};     // if defined, receives the values of `tensor`, which is temporary
  bool is_mapped = false;   // `tensor` is a part of a private mapping of the file, and complete
  bool is_callers = false;  // the caller's tensor, `strided` or `tensor`

  // Whether the bytes of the file are those of the tensor's memory. A file may have booleans other
  // than 0 and 1, which copy_ converts on the CPU.
  bool is_direct() const {
    return tensor.scalar_type() == dtype && !(is_callers && dtype == at::kBool && tensor.is_cpu());
  }

  // The caller's tensor, or the new one.
  const at::Tensor& result() const { return strided.defined() ? strided : tensor; }

  // What remains when `tensor` is loaded.
  void finish() const;
};

// The destination of a part: the caller's tensor or, if that is undefined, a new one on `device`.
// A new one on the CPU, for a part that is contiguous in the file, is a part of `mapping`: a
// mapped, writable File, or null. Throws Error as load_into for a tensor that values cannot be
// copied into, ST_E_SIZE_MISMATCH for one of another shape.
Destination make_destination(PlannedPart part, at::Tensor tensor, c10::Device device,
                             const File* mapping = nullptr);

// Throws Error ST_E_UNSUPPORTED for tensors of the caller that overlap each other in memory.
void check_separate(const std::vector<Destination>& destinations);

// Allocates the tensor of a destination that is mapped.
void unmap_destination(Destination* destination);

// Copies a piece of the part, `bytes` of uint8 on the tensor's device or the CPU from
// `local_offset` on, to a tensor that is not direct, and converts it. Pieces begin and end with
// whole elements.
void convert_piece(const Destination& destination, std::uint64_t local_offset,
                   const at::Tensor& bytes);

}  // namespace safetensors
