#include "tensor/torch_sizes.h"

#include <algorithm>
#include <limits>
#include <string>

#include "names/quote.h"
#include "tensor/dtype_map.h"

namespace safetensors {

namespace {

std::string describe(const TensorInfo& info) {
  return "tensor " + quote(info.name);
}

std::string format_shape(const TensorInfo& info) {
  std::string text = "[";
  for (std::uint64_t d = 0; d < info.shape.size(); ++d)
    text += (d ? ", " : "") + std::to_string(info.shape[d]);
  return text + "]";
}

}  // namespace

c10::ScalarType torch_dtype(const TensorInfo& info) {
  const auto type = scalar_type_of(info.dtype);
  if (!type)
    throw Error(ST_E_DTYPE, describe(info) + " is " + std::string(dtype_name(info.dtype)) +
                                ", a dtype that LibTorch does not have: exclude it with `names` or "
                                "`pattern`, and read its bytes with safetensors::File");
  return *type;
}

c10::DimVector torch_sizes(const TensorInfo& info, c10::ScalarType dtype) {
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  c10::DimVector sizes;
  std::uint64_t stride = 1;
  for (std::uint64_t d = info.shape.size(); d-- > 0;) {
    const std::uint64_t extent = std::max<std::uint64_t>(info.shape[d], 1);
    if (extent > largest / stride)
      throw Error(ST_E_UNSUPPORTED,
                  describe(info) + " has the shape " + format_shape(info) +
                      ": LibTorch supports dimensions and strides of at most 63 bits");
    stride *= extent;
  }
  for (std::uint64_t d = 0; d < info.shape.size(); ++d)
    sizes.push_back(static_cast<std::int64_t>(info.shape[d]));

  if (is_packed_pair(dtype)) {
    if (sizes.empty() || sizes.back() % 2 != 0)
      throw Error(ST_E_UNSUPPORTED,
                  describe(info) + " is F4 with the shape " + format_shape(info) +
                      ": LibTorch packs F4 in pairs along the last dimension, which "
                      "must be even");
    sizes.back() /= 2;
  }
  return sizes;
}

}  // namespace safetensors
