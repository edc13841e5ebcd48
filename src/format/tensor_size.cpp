#include "format/tensor_size.h"

#include "error.h"
#include "format/checked.h"

namespace st {

std::uint64_t element_count(std::string_view tensor_name, std::span<const std::uint64_t> shape) {
  std::uint64_t count = 1;
  for (const std::uint64_t extent : shape) {
    const auto product = checked_mul(count, extent);
    if (!product) {
      throw Error(Code::overflow, Message() << "tensor " << Quoted{tensor_name}
                                            << ": the number of its elements exceeds 64 bits");
    }
    count = *product;
  }
  return count;
}

std::uint64_t tensor_size(std::string_view tensor_name, Dtype dtype,
                          std::span<const std::uint64_t> shape) {
  const std::uint64_t count = element_count(tensor_name, shape);
  const auto bits = checked_mul(count, dtype_bits(dtype));
  if (!bits) {
    throw Error(Code::overflow, Message() << "tensor " << Quoted{tensor_name} << ": " << count
                                          << " elements of " << dtype_name(dtype)
                                          << " exceed 64 bits in size");
  }
  if (*bits % 8 != 0) {
    throw Error(Code::subbyte, Message() << "tensor " << Quoted{tensor_name} << ": " << count
                                         << " elements of " << dtype_name(dtype) << " are " << *bits
                                         << " bits, not a whole number of bytes");
  }
  return *bits / 8;
}

}  // namespace st
