#include "tensor/torch_sizes.h"

#include <algorithm>
#include <limits>
#include <string>

#include "names/quote.h"
#include "tensor/dtype_map.h"

namespace safetensors {

namespace {

std::string tensor_called(const TensorInfo& info) {
  return "tensor " + quote(info.name);
}

std::string shape_of(const TensorInfo& info) {
  std::string text = "[";
  for (std::uint64_t d = 0; d < info.shape.size(); ++d)
    text += (d ? ", " : "") + std::to_string(info.shape[d]);
  return text + "]";
}

}  // namespace

c10::ScalarType torch_dtype(const TensorInfo& info) {
  const auto type = scalar_type_of(info.dtype);
  if (!type)
    throw Error(ST_E_DTYPE, tensor_called(info) + " is " + std::string(dtype_name(info.dtype)) +
                                ", which LibTorch has no type for: leave it out with `names` or "
                                "`pattern`, and read its bytes through safetensors.hpp");
  return *type;
}

c10::DimVector torch_sizes(const TensorInfo& info, c10::ScalarType dtype) {
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  c10::DimVector sizes;
  std::uint64_t stride = 1;
  for (std::uint64_t d = info.shape.size(); d-- > 0;) {
    const std::uint64_t extent = std::max<std::uint64_t>(info.shape[d], 1);
    if (extent > kLargest / stride)
      throw Error(ST_E_UNSUPPORTED, tensor_called(info) + " has the shape " + shape_of(info) +
                                        ": LibTorch's extents and strides have 63 bits");
    stride *= extent;
  }
  for (std::uint64_t d = 0; d < info.shape.size(); ++d)
    sizes.push_back(static_cast<std::int64_t>(info.shape[d]));

  if (is_pair_of_elements(dtype)) {
    if (sizes.empty() || sizes.back() % 2 != 0)
      throw Error(ST_E_UNSUPPORTED, tensor_called(info) + " is F4 with the shape " +
                                        shape_of(info) +
                                        ": LibTorch holds F4 in pairs along the last dimension, "
                                        "which must be even");
    sizes.back() /= 2;
  }
  return sizes;
}

}  // namespace safetensors
