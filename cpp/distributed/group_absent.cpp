// Group for a LibTorch that was built without c10d.
#include "distributed/group.h"

namespace safetensors {

Group::Group(const ProcessGroupPtr&, std::chrono::milliseconds) {
  throw Error(ST_E_UNSUPPORTED, "LibTorch was built without c10d, which has the process groups");
}

// No Group exists.
c10::Device Group::exchange_device(std::optional<c10::Device>) const {
  return control_device_;
}
std::vector<std::byte> Group::all_gather(Bytes) const {
  return {};
}
std::vector<std::vector<std::byte>> Group::gather_texts(Bytes) const {
  return {};
}
Group::Wait Group::start_all_gather(at::Tensor, at::Tensor) const {
  return {};
}
std::pair<at::Tensor, Group::Wait> Group::start_status(bool) const {
  return {};
}
Group::Wait Group::start_all_to_all(at::Tensor, std::vector<std::int64_t>, at::Tensor,
                                    std::vector<std::int64_t>) const {
  return {};
}

}  // namespace safetensors
