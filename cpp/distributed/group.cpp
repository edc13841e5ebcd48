#include "distributed/group.h"

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "tensor/byte_view.h"

namespace safetensors {

namespace {

GroupFailure failure(const char* what) {
  std::string text(what);
  // The rest is LibTorch's stack.
  text.resize(std::min(text.find('\n'), text.size()));
  return {ST_E_IO, "the process group failed: " + text};
}

// Calls the collective, and converts what it throws.
template <class Call>
auto guarded(Call&& call) {
  try {
    return call();
  } catch (const c10::Error& error) {
    throw failure(error.what_without_backtrace());
  } catch (const std::exception& error) {
    throw failure(error.what());
  }
}

template <class Options>
Options options_with(std::chrono::milliseconds timeout) {
  Options options;
  if (timeout.count() > 0) options.timeout = timeout;
  return options;
}

Group::Wait waiting(c10::intrusive_ptr<c10d::Work> work, at::Tensor output, at::Tensor input) {
  return [work = std::move(work), output = std::move(output), input = std::move(input)] {
    guarded([&] { return work->wait(); });
  };
}

// The device of this type that the group uses on this process.
c10::Device device_of(const c10d::ProcessGroup& group, c10::DeviceType type) {
  if (type == c10::DeviceType::CPU) return {type};
  const auto bound = group.getBoundDeviceId();
  return bound && bound->type() == type ? *bound : c10::impl::VirtualGuardImpl(type).getDevice();
}

}  // namespace

Group::Group(const ProcessGroupPtr& group, std::chrono::milliseconds timeout)
    : group_(group.get()), timeout_(timeout) {
  if (!group) throw Error(ST_E_INVALID_ARGUMENT, "the process group is null");
  rank_ = static_cast<std::size_t>(group->getRank());
  size_ = static_cast<std::size_t>(group->getSize());
  if (group->hasBackends() && !group->hasBackendForDeviceType(c10::DeviceType::CPU))
    control_device_ = device_of(*group, group->getDeviceTypes().front().type());
}

c10::Device Group::exchange_device(std::optional<c10::Device> accelerator) const {
  if (!accelerator || !group_->hasBackendForDeviceType(accelerator->type())) return control_device_;
  if (control_device_.is_cpu() &&
      group_->getBackend(c10::DeviceType::CPU) == group_->getBackend(accelerator->type()))
    return control_device_;
  return control_device_.is_cpu() ? *accelerator : control_device_;
}

std::vector<std::byte> Group::all_gather(Bytes own) const {
  const c10::NoGradGuard no_grad;
  const auto options = at::TensorOptions().dtype(at::kByte);
  std::vector<std::byte> all(own.size() * size_);
  if (own.empty()) return all;
  at::Tensor sent = at::empty(static_cast<std::int64_t>(own.size()), options);
  std::copy(own.begin(), own.end(), static_cast<std::byte*>(sent.mutable_data_ptr()));
  at::Tensor gathered =
      at::empty(static_cast<std::int64_t>(all.size()), options.device(control_device_));
  start_all_gather(gathered, sent.to(control_device_))();
  gathered = gathered.cpu();
  const auto* bytes = static_cast<const std::byte*>(gathered.const_data_ptr());
  std::copy(bytes, bytes + all.size(), all.begin());
  return all;
}

Group::Wait Group::start_all_gather(at::Tensor gathered, at::Tensor own) const {
  std::vector<at::Tensor> parts;
  for (std::size_t r = 0; r < size_; ++r)
    parts.push_back(byte_view(gathered, r * own.nbytes(), own.nbytes()));
  std::vector<std::vector<at::Tensor>> outputs{std::move(parts)};
  std::vector<at::Tensor> inputs{own};
  auto work = guarded([&] {
    return group_->allgather(outputs, inputs, options_with<c10d::AllgatherOptions>(timeout_));
  });
  return waiting(std::move(work), std::move(gathered), std::move(own));
}

std::vector<std::vector<std::byte>> Group::gather_texts(Bytes own) const {
  const std::uint64_t nbytes = own.size();
  const auto sizes = all_gather(Bytes(reinterpret_cast<const std::byte*>(&nbytes), sizeof nbytes));
  std::vector<std::uint64_t> counts(size_);
  std::memcpy(counts.data(), sizes.data(), sizes.size());
  const std::uint64_t largest = *std::max_element(counts.begin(), counts.end());
  std::vector<std::byte> padded(own.begin(), own.end());
  padded.resize(largest);
  const auto all = all_gather(padded);
  std::vector<std::vector<std::byte>> texts;
  for (std::size_t r = 0; r < size_; ++r) {
    const auto* const first = all.data() + r * largest;
    texts.emplace_back(first, first + counts[r]);
  }
  return texts;
}

std::pair<at::Tensor, Group::Wait> Group::start_status(bool failed) const {
  const c10::NoGradGuard no_grad;
  const auto options = at::TensorOptions().dtype(at::kByte);
  at::Tensor own = at::empty({1}, options);
  *static_cast<std::uint8_t*>(own.mutable_data_ptr()) = failed ? 1 : 0;
  at::Tensor all = at::empty({static_cast<std::int64_t>(size_)}, options.device(control_device_));
  Wait wait = start_all_gather(all, own.to(control_device_));
  return {std::move(all), std::move(wait)};
}

Group::Wait Group::start_all_to_all(at::Tensor received, std::vector<std::int64_t> received_nbytes,
                                    at::Tensor sent, std::vector<std::int64_t> sent_nbytes) const {
  const auto options = options_with<c10d::AllToAllOptions>(timeout_);
  auto work = guarded([&] {
    // The name since LibTorch 2.13; the older one is deprecated there.
    const auto start = [&](auto& group) {
      if constexpr (requires {
                      group.all_to_all_single(received, sent, received_nbytes, sent_nbytes,
                                              options);
                    })
        return group.all_to_all_single(received, sent, received_nbytes, sent_nbytes, options);
      else
        return group.alltoall_base(received, sent, received_nbytes, sent_nbytes, options);
    };
    return start(*group_);
  });
  return waiting(std::move(work), std::move(received), std::move(sent));
}

}  // namespace safetensors
