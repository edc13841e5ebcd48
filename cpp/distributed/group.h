// The collectives of a process group that the library uses. Only group.cpp includes c10d's headers.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <safetensors/safetensors.hpp>
#include <safetensors/torch/load_distributed.hpp>
#include <string>
#include <utility>
#include <vector>

namespace safetensors {

// A collective failed: the group may be unusable, and no other collective may follow.
class GroupFailure : public Error {
 public:
  using Error::Error;
};

// Every process of the group calls the same functions in the same order. They throw GroupFailure.
class Group {
 public:
  // `group` outlives it. `timeout` of each collective; 0: that of the group. Throws Error
  // ST_E_INVALID_ARGUMENT for a null group, ST_E_UNSUPPORTED without c10d.
  Group(const ProcessGroupPtr& group, std::chrono::milliseconds timeout);

  std::size_t rank() const noexcept { return rank_; }
  std::size_t size() const noexcept { return size_; }

  // The device on which all ranks exchange tensors if those of each have destinations on
  // `accelerator`, the same type on every rank: the CPU, unless the group has another backend for
  // it. Without an accelerator, that of other collectives: the CPU, unless the group has no backend
  // for it.
  c10::Device exchange_device(std::optional<c10::Device> accelerator) const;

  // The bytes of all ranks, in their order. Every rank passes the same number of bytes.
  std::vector<std::byte> all_gather(Bytes own) const;

  // The same for bytes of which each rank may have another number.
  std::vector<std::vector<std::byte>> gather_texts(Bytes own) const;

  // As all_gather() for a tensor of uint8 on the exchange device; `gathered` has size() times its
  // bytes. Returns a function that waits for the result; the tensors are kept until then.
  using Wait = std::function<void()>;
  Wait start_all_gather(at::Tensor gathered, at::Tensor own) const;

  // Gathers one byte of each rank, `failed`: a tensor that has them after the wait.
  std::pair<at::Tensor, Wait> start_status(bool failed) const;

  // Sends sent_nbytes[r] bytes to each rank r, and receives received_nbytes[r] bytes from it. The
  // tensors of uint8 have the bytes of the ranks in their order, and no others.
  Wait start_all_to_all(at::Tensor received, std::vector<std::int64_t> received_nbytes,
                        at::Tensor sent, std::vector<std::int64_t> sent_nbytes) const;

 private:
  c10d::ProcessGroup* group_ = nullptr;
  std::chrono::milliseconds timeout_;
  std::size_t rank_ = 0;
  std::size_t size_ = 0;
  c10::Device control_device_{c10::DeviceType::CPU};
};

}  // namespace safetensors
