#include "tensor/copy_values.h"

#include <ATen/MemoryOverlap.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <map>
#include <utility>

#include "device/device_load.h"
#include "names/quote.h"
#include "tensor/dtype_map.h"
#include "tensor/host_tensor.h"
#include "tensor/tensor_span.h"

namespace safetensors {

namespace {

// The most bytes between two calls of the progress callback.
constexpr std::uint64_t largest_piece = std::uint64_t{64} << 20;

// The limit of temporary tensors on a device, in bytes.
constexpr std::uint64_t largest_batch = std::uint64_t{256} << 20;

bool is_bitwise_copy(const ValueCopy& copy) {
  const at::Tensor& to = copy.destination;
  // A file may have booleans other than 0 and 1: copy_ converts them to 1 on the CPU, and copies
  // the bytes on other devices.
  if (to.scalar_type() == at::kBool && to.is_cpu()) return false;
  return to.scalar_type() == copy.entry.dtype && to.is_contiguous() && !to.is_conj() &&
         !to.is_neg();
}

void read_bytes(const File& file, const ValueCopy& copy, ProgressCounter& progress) {
  bump_version(copy.destination);
  auto* bytes = static_cast<std::byte*>(copy.destination.mutable_data_ptr());
  for (std::uint64_t done = 0; done < copy.entry.info.nbytes;) {
    const std::uint64_t piece = std::min(largest_piece, copy.entry.info.nbytes - done);
    file.read_at(copy.entry.info.file_offset + done, MutableBytes(bytes + done, piece));
    done += piece;
    progress.add(piece);
  }
}

void copy_on_host(const File& file, const ValueCopy& copy, ProgressCounter& progress) {
  if (is_bitwise_copy(copy)) return read_bytes(file, copy, progress);
  copy.destination.copy_(host_tensor(file, copy.entry));
  progress.add(copy.entry.info.nbytes);
}

// Pending copies to one device: reads directly into destinations, and reads into temporary tensors
// that are then converted.
class DeviceBatch {
 public:
  DeviceBatch(const File& file, c10::Device device, ProgressCounter& progress)
      : file_(file), device_(device), progress_(progress) {}

  void add(const ValueCopy& copy) {
    at::Tensor target = copy.destination;
    if (is_bitwise_copy(copy)) {
      bump_version(target);
    } else {
      target =
          at::empty(copy.entry.sizes, at::TensorOptions().dtype(copy.entry.dtype).device(device_));
      conversions_.emplace_back(copy.destination, target);
      temporary_nbytes_ += copy.entry.info.nbytes;
    }
    reads_.push_back({copy.entry.info.file_offset, target});
    if (temporary_nbytes_ > largest_batch) finish();
  }

  void finish() {
    if (!reads_.empty()) load_to_device(file_, std::move(reads_), device_, progress_);
    for (auto& [destination, source] : conversions_)
      destination.copy_(source);
    reads_.clear();
    conversions_.clear();
    temporary_nbytes_ = 0;
  }

 private:
  const File& file_;
  c10::Device device_;
  ProgressCounter& progress_;
  std::vector<DeviceRead> reads_;
  std::vector<std::pair<at::Tensor, at::Tensor>> conversions_;  // destination, temporary
  std::uint64_t temporary_nbytes_ = 0;
};

bool converts_f4(const ValueCopy& copy) {
  const auto from = copy.entry.dtype;
  const auto to = copy.destination.scalar_type();
  return from != to && (is_packed_pair(from) || is_packed_pair(to));
}

// copy_ converts to the dtypes of the format and to complex dtypes.
bool can_convert_to(c10::ScalarType dtype) {
  return dtype_of_scalar_type(dtype).has_value() || c10::isComplexType(dtype);
}

bool quantizes(const ValueCopy& copy) {
  const auto to = copy.destination.scalar_type();
  return copy.entry.dtype == at::kFloat && copy.destination.is_contiguous() &&
         (to == at::kQInt8 || to == at::kQUInt8 || to == at::kQInt32);
}

const char* rejection_reason(const ValueCopy& copy) {
  const at::Tensor& destination = copy.destination;
  if (!destination.defined()) return "undefined: load into tensors that have memory";
  if (destination.layout() != c10::kStrided) return "sparse: load into dense tensors";
  if (destination.is_nested()) return "nested: load into the tensors that unbind() returns";
  if (destination.is_meta())
    return "on the meta device, without memory: use load_model with `assign`, or load_file";
  if (!destination.has_storage() && destination.is_cpu())
    return "wrapped, without a storage: load into the tensor inside";
  if (destination.is_inference() && !c10::InferenceMode::is_enabled())
    return "created in inference mode: load in inference mode too";
  if (copy.entry.info.nbytes == 0) return nullptr;
  if (destination.is_quantized() && !quantizes(copy))
    return "quantized: LibTorch quantizes only F32 into contiguous tensors of 8 or 32 bits; load "
           "into "
           "a tensor that is not quantized and call quantize_per_tensor()";
  if (!destination.is_quantized() && !can_convert_to(destination.scalar_type()))
    return "of a dtype that LibTorch does not convert to: load into a dtype of the format";
  if (destination.has_storage() && !fits_in_storage(destination))
    return "larger than its storage, which was freed or resized: resize the storage first";
  if (is_bitwise_copy(copy)) return nullptr;
  if (converts_f4(copy)) return "of another dtype: LibTorch cannot convert F4";
  if (at::has_internal_overlap(destination) == at::MemOverlap::Yes)
    return "with several elements at one address: call clone() first";
  return nullptr;
}

}  // namespace

void bump_version(const at::Tensor& tensor) {
  if (!tensor.is_inference()) tensor.unsafeGetTensorImpl()->bump_version();
}

void check_destinations(const std::vector<ValueCopy>& copies) {
  std::map<std::string, std::vector<std::string>> names;  // by reason
  for (const auto& copy : copies) {
    if (const char* reason = rejection_reason(copy)) names[reason].push_back(copy.entry.name);
  }
  std::string message;
  for (const auto& [reason, names_with_reason] : names)
    message += (message.empty() ? "" : "; ") +
               ("cannot copy values into " + quote_tensors(names_with_reason)) + ", " + reason;
  if (!message.empty()) throw Error(ST_E_INVALID_ARGUMENT, message);
}

void copy_values(const File& file, const std::vector<ValueCopy>& copies,
                 ProgressCounter& progress) {
  const c10::NoGradGuard no_grad;
  std::map<std::pair<c10::DeviceType, c10::DeviceIndex>, DeviceBatch> batches;
  for (const auto& copy : copies) {
    const c10::Device device = copy.destination.device();
    if (copy.entry.info.nbytes == 0) continue;
    if (device.is_cpu()) {
      copy_on_host(file, copy, progress);
      continue;
    }
    batches.try_emplace({device.type(), device.index()}, file, device, progress)
        .first->second.add(copy);
  }
  for (auto& [device, batch] : batches)
    batch.finish();
}

}  // namespace safetensors
