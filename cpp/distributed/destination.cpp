#include "distributed/destination.h"

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>
#include <c10/util/StringUtil.h>

#include <utility>

#include "names/quote.h"
#include "tensor/byte_view.h"
#include "tensor/copy_values.h"
#include "tensor/host_tensor.h"
#include "tensor/huge_pages.h"
#include "tensor/overlap.h"
#include "tensor/torch_sizes.h"

namespace safetensors {

namespace {

// Makes the tensor a part of the mapping if the part is contiguous in the file.
void map_destination(const File& file, Destination* destination) {
  const TensorSlice& slice = destination->slice;
  if (!file.is_mapped() || slice.is_empty() || slice.shortest_run() != slice.nbytes()) return;
  std::uint64_t offset = 0;
  slice.for_each_run({}, {},
                     [&](const Run& run) { offset = run.file_offset - slice.file_bytes().begin; });
  FileEntry entry{{},
                  0,
                  destination->part.info,
                  destination->dtype,
                  sizes_of(destination->part, destination->dtype)};
  entry.info.nbytes = slice.nbytes();
  destination->tensor = host_tensor(file, entry, FileMemory::private_mapping, offset);
  destination->is_mapped = true;
}

}  // namespace

void Destination::finish() const {
  const c10::NoGradGuard no_grad;
  if (strided.defined())
    strided.copy_(tensor);
  else if (is_callers)
    bump_version(tensor);
}

Destination make_destination(PlannedPart part, at::Tensor tensor, c10::Device device,
                             const File* mapping) {
  const c10::ScalarType dtype = torch_dtype(part.info);
  const c10::DimVector sizes = sizes_of(part, dtype);
  Destination destination{std::move(part), {}, dtype, std::move(tensor)};
  destination.slice = slice_of(destination.part.info, destination.part.intervals);

  const auto options = at::TensorOptions().dtype(dtype);
  at::Tensor& target = destination.tensor;
  if (!target.defined()) {
    if (mapping) map_destination(*mapping, &destination);
    if (!target.defined())
      target = device.is_cpu() ? empty_on_huge_pages(sizes, dtype)
                               : at::empty(sizes, options.device(device));
    return destination;
  }
  destination.is_callers = true;
  if (target.sizes() != at::IntArrayRef(sizes))
    throw Error(ST_E_SIZE_MISMATCH,
                c10::str("the plan loads a part of shape ", at::IntArrayRef(sizes), " of tensor ",
                         quote(destination.part.name), " to a tensor of shape ", target.sizes()));
  FileEntry entry{destination.part.name, destination.part.position, destination.part.info, dtype,
                  sizes};
  entry.info.nbytes = destination.slice.nbytes();
  check_destinations({{std::move(entry), target}});
  if (!target.is_contiguous() || target.is_conj() || target.is_neg()) {
    destination.strided = target;
    target = at::empty(sizes, options.device(target.device()));
  }
  return destination;
}

void check_separate(const std::vector<Destination>& destinations) {
  std::vector<ValueCopy> copies;
  for (const Destination& destination : destinations)
    if (destination.is_callers)
      copies.push_back({{destination.part.name, 0, destination.part.info, destination.dtype, {}},
                        destination.result()});
  const auto overlaps = overlapping(copies);
  for (std::size_t i = 0; i < copies.size(); ++i)
    if (overlaps[i])
      throw Error(ST_E_UNSUPPORTED, "the tensor for " + quote(copies[i].entry.name) +
                                        " overlaps another one in memory: load into separate "
                                        "tensors");
}

void unmap_destination(Destination* destination) {
  destination->tensor = empty_on_huge_pages(destination->tensor.sizes(), destination->dtype);
  destination->is_mapped = false;
}

void convert_piece(const Destination& destination, std::uint64_t local_offset,
                   const at::Tensor& bytes) {
  const c10::NoGradGuard no_grad;
  const auto itemsize = static_cast<std::int64_t>(c10::elementSize(destination.dtype));
  const std::int64_t count = bytes.numel() / itemsize;
  const at::Tensor values =
      at::empty({count}, at::TensorOptions().dtype(destination.dtype).device(bytes.device()));
  byte_view(values, 0, values.nbytes()).copy_(bytes);
  destination.tensor.view({-1})
      .narrow(0, static_cast<std::int64_t>(local_offset) / itemsize, count)
      .copy_(values);
}

}  // namespace safetensors
