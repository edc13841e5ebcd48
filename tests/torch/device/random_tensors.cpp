#include "random_tensors.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <random>

namespace test {

at::Tensor random_tensor(at::IntArrayRef sizes, at::ScalarType dtype, std::uint64_t seed) {
  at::Tensor tensor = at::empty(sizes, dtype);
  std::mt19937_64 random(seed);
  auto* const bytes = static_cast<std::byte*>(tensor.mutable_data_ptr());
  for (std::size_t done = 0; done < tensor.nbytes(); done += sizeof(std::uint64_t)) {
    const std::uint64_t value = random();
    std::memcpy(bytes + done, &value, std::min(sizeof value, tensor.nbytes() - done));
  }
  return tensor;
}

std::vector<at::Tensor> random_bytes(const std::vector<std::int64_t>& sizes, std::uint64_t seed) {
  std::vector<at::Tensor> tensors;
  for (const std::int64_t size : sizes)
    tensors.push_back(random_tensor({size}, at::kByte, seed * 1000 + tensors.size()));
  return tensors;
}

bool are_equal(const std::vector<at::Tensor>& on_device, const std::vector<at::Tensor>& on_host) {
  bool equal = on_device.size() == on_host.size();
  for (std::size_t i = on_device.size(); equal && i-- > 0;) {
    const at::Tensor arrived = on_device[i].cpu();
    equal =
        arrived.nbytes() == on_host[i].nbytes() &&
        (arrived.nbytes() == 0 ||
         std::memcmp(arrived.const_data_ptr(), on_host[i].const_data_ptr(), arrived.nbytes()) == 0);
  }
  return equal;
}

}  // namespace test
