#include "tensor/file_tensors.h"

#include <ATen/ops/empty.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <string>
#include <utility>

#include "device/device_load.h"

namespace safetensors {

namespace {

std::vector<at::Tensor> host_tensors(const File& file, const std::vector<FileEntry>& entries,
                                     FileMemory memory, ProgressCounter& progress) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(entries.size());
  for (const auto& entry : entries) {
    tensors.push_back(host_tensor(file, entry, memory));
    progress.add(entry.info.nbytes);
  }
  return tensors;
}

std::vector<at::Tensor> device_tensors(const File& file, const std::vector<FileEntry>& entries,
                                       c10::Device device, ProgressCounter& progress) {
  std::vector<at::Tensor> tensors;
  std::vector<DeviceRead> reads;
  tensors.reserve(entries.size());
  for (const auto& entry : entries) {
    tensors.push_back(
        at::empty(entry.sizes, at::TensorOptions().dtype(entry.dtype).device(device)));
    if (entry.info.nbytes > 0) reads.push_back({entry.info.file_offset, tensors.back()});
  }
  if (device.is_meta()) {
    progress.add(total_nbytes(entries));
  } else if (!reads.empty()) {
    // The tensors have an index even if `device` has none.
    load_to_device(file, std::move(reads), tensors.front().device(), progress);
  }
  return tensors;
}

}  // namespace

// LibTorch's own message for a missing device is about operators and dispatch keys.
void check_available(c10::Device device) {
  if (device.is_cpu() || device.is_meta()) return;
  const int count = c10::impl::hasDeviceGuardImpl(device.type())
                        ? c10::impl::VirtualGuardImpl(device.type()).deviceCount()
                        : 0;
  if (device.index() < count && count > 0) return;
  throw Error(ST_E_UNSUPPORTED, "device " + device.str() + " is not available: LibTorch found " +
                                    std::to_string(count) + " devices of type " +
                                    c10::DeviceTypeName(device.type(), /*lower_case=*/true));
}

std::vector<at::Tensor> file_tensors(const File& file, const std::vector<FileEntry>& entries,
                                     c10::Device device, FileMemory memory,
                                     ProgressCounter& progress) {
  if (device.is_cpu()) return host_tensors(file, entries, memory, progress);
  check_available(device);
  return device_tensors(file, entries, device, progress);
}

}  // namespace safetensors
