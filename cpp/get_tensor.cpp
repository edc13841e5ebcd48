// Implements get_tensor and get_slice.
#include <safetensors/torch.hpp>

#include <ATen/ops/empty.h>

#include <algorithm>
#include <string>
#include <utility>

#include "names/quote.h"
#include "tensor/dtype_map.h"
#include "tensor/file_tensors.h"
#include "tensor/torch_sizes.h"

namespace safetensors {

namespace {

TensorInfo find(const File& file, std::string_view name) {
  const auto info = file.find(name);
  if (!info) throw Error(ST_E_TENSOR_NOT_FOUND, "the file has no tensor " + quote(name));
  return *info;
}

// The extents of a slice in elements of the file. File::read_slice_into validates the slices.
std::vector<std::uint64_t> sliced_shape(const TensorInfo& info, Span<const Slice> slices) {
  std::vector<std::uint64_t> shape(info.shape.begin(), info.shape.end());
  for (std::size_t d = 0; d < std::min(slices.size(), shape.size()); ++d) {
    const std::uint64_t end = slices[d].end == Slice::last ? shape[d] : slices[d].end;
    shape[d] = end - slices[d].begin;
  }
  return shape;
}

}  // namespace

at::Tensor get_tensor(const File& file, std::string_view name, const Device& device) {
  const TensorInfo info = find(file, name);
  const c10::ScalarType dtype = torch_dtype(info);
  ProgressCounter progress({}, info.nbytes);
  return file_tensors(file, {{std::string(name), 0, info, dtype, torch_sizes(info, dtype)}}, device,
                      FileMemory::from_file, progress)
      .front();
}

at::Tensor get_slice(const File& file, std::string_view name, Span<const Slice> slices,
                     const Device& device) {
  TensorInfo info = find(file, name);
  const c10::ScalarType dtype = torch_dtype(info);
  const std::uint64_t nbytes = file.read_slice_into(name, slices, {});  // validates the slices
  const auto shape = sliced_shape(info, slices);
  info.shape = shape;
  const auto sizes = torch_sizes(info, dtype);
  check_available(device);
  const auto host = at::TensorOptions().dtype(dtype);
  if (c10::Device(device).is_meta()) return at::empty(sizes, host.device(c10::kMeta));
  at::Tensor slice = at::empty(sizes, host);
  if (nbytes > 0)
    file.read_slice_into(name, slices,
                         MutableBytes(static_cast<std::byte*>(slice.mutable_data_ptr()), nbytes));
  return slice.to(c10::Device(device));
}

}  // namespace safetensors
