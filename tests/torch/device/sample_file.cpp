#include "sample_file.h"

#include <ATen/ops/empty_like.h>

#include <cstring>
#include <safetensors/safetensors.hpp>
#include <string>
#include <utility>

namespace test {

namespace {

void check(st_status status, const st_error& error) {
  if (status != ST_OK) throw safetensors::Error(error);
}

std::string name_of(std::size_t tensor) {
  std::string digits = std::to_string(tensor);
  return std::string(8 - digits.size(), '0') + digits;
}

std::uint32_t dtype_of(const at::Tensor& tensor) {
  switch (tensor.element_size()) {
    case 8:
      return ST_DTYPE_I64;
    case 4:
      return ST_DTYPE_I32;
    case 2:
      return ST_DTYPE_I16;
    default:
      return ST_DTYPE_I8;
  }
}

// The bytes are what these tests are about: every dtype goes into the file as an integer of its
// size.
std::vector<std::byte> saved(const std::vector<at::Tensor>& tensors) {
  std::vector<std::string> names;
  std::vector<std::uint64_t> shapes;
  std::vector<st_save_tensor> entries(tensors.size(), ST_SAVE_TENSOR_INIT);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    names.push_back(name_of(i));
    shapes.push_back(static_cast<std::uint64_t>(tensors[i].numel()));
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    entries[i].dtype = dtype_of(tensors[i]);
    entries[i].name = names[i].data();
    entries[i].name_len = names[i].size();
    entries[i].shape = &shapes[i];
    entries[i].rank = 1;
    entries[i].data = tensors[i].const_data_ptr();
    entries[i].nbytes = tensors[i].nbytes();
  }
  st_error error = ST_ERROR_INIT;
  std::uint64_t nbytes = 0;
  check(st_save_size(entries.data(), entries.size(), nullptr, &nbytes, &error), error);
  std::vector<std::byte> bytes(nbytes);
  check(st_save_memory(entries.data(), entries.size(), nullptr, bytes.data(), nbytes, nullptr,
                       &error),
        error);
  return bytes;
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
  check(st_open_io(&io, nullptr, &file_, &error), error);
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const std::string name = name_of(i);
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    check(st_find(file_, name.data(), name.size(), &info, &error), error);
    offsets_.push_back(info.file_offset);
  }
}

SampleFile::~SampleFile() {
  st_close(file_);
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
