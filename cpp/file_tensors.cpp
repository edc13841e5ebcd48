#include "file_tensors.h"

#include <ATen/ops/empty.h>

#include <utility>

#include "device_load.h"

namespace safetensors {

namespace {

std::vector<at::Tensor> host_tensors(const st_file* file, const std::vector<FileEntry>& entries,
                                     FileMemory memory, ProgressCounter& progress) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(entries.size());
  for (const auto& entry : entries) {
    tensors.push_back(host_tensor(file, entry, memory));
    progress.add(entry.nbytes);
  }
  return tensors;
}

std::vector<at::Tensor> device_tensors(const st_file* file, const std::vector<FileEntry>& entries,
                                       c10::Device device, ProgressCounter& progress) {
  std::vector<at::Tensor> tensors;
  std::vector<DeviceRead> reads;
  tensors.reserve(entries.size());
  for (const auto& entry : entries) {
    tensors.push_back(
        at::empty(entry.sizes, at::TensorOptions().dtype(entry.dtype).device(device)));
    if (entry.nbytes > 0) reads.push_back({entry.file_offset, tensors.back()});
  }
  // "cuda" without an index has become the current device's.
  if (!reads.empty() && !device.is_meta())
    load_to_device(file, std::move(reads), tensors.front().device(), progress);
  return tensors;
}

}  // namespace

std::uint64_t total_nbytes(const std::vector<FileEntry>& entries) {
  std::uint64_t total = 0;
  for (const auto& entry : entries)
    total += entry.nbytes;
  return total;
}

std::vector<at::Tensor> file_tensors(const st_file* file, const std::vector<FileEntry>& entries,
                                     c10::Device device, FileMemory memory,
                                     ProgressCounter& progress) {
  auto tensors = device.is_cpu() ? host_tensors(file, entries, memory, progress)
                                 : device_tensors(file, entries, device, progress);
  // No bytes, or a device that takes none: the end is told all the same.
  if (progress.done() < progress.total() || progress.total() == 0)
    progress.add(progress.total() - progress.done());
  return tensors;
}

}  // namespace safetensors
