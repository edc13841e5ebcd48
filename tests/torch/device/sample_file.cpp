#include "sample_file.h"

#include <ATen/ops/empty_like.h>

#include <cstring>
#include <string>
#include <utility>

namespace test {

namespace {

std::string name_of(std::size_t tensor) {
  std::string digits = std::to_string(tensor);
  return std::string(8 - digits.size(), '0') + digits;
}

safetensors::Dtype dtype_of_tensor(const at::Tensor& tensor) {
  switch (tensor.element_size()) {
    case 8:
      return safetensors::Dtype::I64;
    case 4:
      return safetensors::Dtype::I32;
    case 2:
      return safetensors::Dtype::I16;
    default:
      return safetensors::Dtype::I8;
  }
}

// Only the bytes matter to these tests: every dtype goes into the file as an integer of its size.
std::vector<std::byte> saved(const std::vector<at::Tensor>& tensors) {
  safetensors::Builder builder;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const at::Tensor& tensor = tensors[i];
    const auto* data = static_cast<const std::byte*>(tensor.const_data_ptr());
    builder.add(name_of(i), dtype_of_tensor(tensor), {static_cast<std::uint64_t>(tensor.numel())},
                safetensors::Bytes(data, tensor.nbytes()));
  }
  return builder.save_memory();
}

}  // namespace

SampleFile::SampleFile(std::vector<at::Tensor> tensors)
    : tensors_(std::move(tensors)), bytes_(saved(tensors_)) {
  st_io io{};
  io.size = sizeof io;
  io.nbytes = bytes_.size();
  io.user_data = this;
  io.read_at = read_at;
  st_error error = ST_ERROR_INIT;
  st_file* file = nullptr;
  safetensors::detail::check(st_open_io(&io, nullptr, &file, &error), error);
  file_ = safetensors::File(file);
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    offsets_.push_back(file_.find(name_of(i))->file_offset);
}

void SampleFile::set_read_hook(ReadHook hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

std::uint64_t SampleFile::nbytes() const {
  std::uint64_t sum = 0;
  for (const at::Tensor& tensor : tensors_)
    sum += tensor.nbytes();
  return sum;
}

std::vector<safetensors::DeviceRead> SampleFile::reads(c10::Device device) const {
  std::vector<safetensors::DeviceRead> reads;
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    reads.push_back({offsets_[i], at::empty_like(tensors_[i], device)});
  return reads;
}

std::vector<at::Tensor> SampleFile::load(c10::Device device,
                                         const safetensors::DevicePipeline& pipeline) const {
  std::vector<safetensors::DeviceRead> wanted = reads(device);
  std::vector<at::Tensor> filled;
  for (const safetensors::DeviceRead& read : wanted)
    filled.push_back(read.destination);
  safetensors::ProgressCounter progress({}, nbytes());
  safetensors::load_to_device(file_, std::move(wanted), device, progress, pipeline);
  return filled;
}

std::int32_t SampleFile::read_at(void* self, std::uint64_t offset, void* buffer,
                                 std::uint64_t nbytes) {
  auto& file = *static_cast<SampleFile*>(self);
  ReadHook hook;
  {
    const std::lock_guard lock(file.mutex_);
    hook = file.hook_;
  }
  if (hook)
    if (const int failure = hook(offset, buffer, nbytes)) return failure;
  std::memcpy(buffer, file.bytes_.data() + offset, nbytes);
  return 0;
}

}  // namespace test
