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
#include "read_at.h"
#include "tensor/dtype_map.h"
#include "tensor/host_tensor.h"
#include "tensor/tensor_span.h"

namespace safetensors {

namespace {

// Between two calls of the progress callback.
constexpr std::uint64_t largest_piece = std::uint64_t{64} << 20;

// Of temporary tensors on a device at a time.
constexpr std::uint64_t largest_batch = std::uint64_t{256} << 20;

bool takes_bytes_as_they_are(const ValueCopy& copy) {
  const at::Tensor& to = copy.destination;
  // A file's booleans may be other bytes than 0 and 1: copy_ makes them 1 on the CPU, and copies
  // the bytes elsewhere.
  if (to.scalar_type() == at::kBool && to.is_cpu()) return false;
  return to.scalar_type() == copy.entry.dtype && to.is_contiguous() && !to.is_conj() &&
         !to.is_neg();
}

// What in-place operations do, so that autograd notices.
void mark_as_written(const at::Tensor& tensor) {
  if (!tensor.is_inference()) tensor.unsafeGetTensorImpl()->bump_version();
}

void read_bytes(const File& file, const ValueCopy& copy, ProgressCounter& progress) {
  mark_as_written(copy.destination);
  auto* bytes = static_cast<std::byte*>(copy.destination.mutable_data_ptr());
  for (std::uint64_t done = 0; done < copy.entry.info.nbytes;) {
    const std::uint64_t piece = std::min(largest_piece, copy.entry.info.nbytes - done);
    read_at(file, copy.entry.info.file_offset + done, MutableBytes(bytes + done, piece));
    done += piece;
    progress.add(piece);
  }
}

void copy_on_host(const File& file, const ValueCopy& copy, ProgressCounter& progress) {
  if (takes_bytes_as_they_are(copy)) return read_bytes(file, copy, progress);
  copy.destination.copy_(host_tensor(file, copy.entry));
  progress.add(copy.entry.info.nbytes);
}

// The copies to one device that are under way: what is read straight to its place, and what is read
// into temporary tensors and converted from there.
class DeviceBatch {
 public:
  DeviceBatch(const File& file, c10::Device device, ProgressCounter& progress)
      : file_(file), device_(device), progress_(progress) {}

  void add(const ValueCopy& copy) {
    at::Tensor target = copy.destination;
    if (takes_bytes_as_they_are(copy)) {
      mark_as_written(target);
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
  return from != to && (is_pair_of_elements(from) || is_pair_of_elements(to));
}

// copy_ knows the dtypes of the format, and complex numbers of every precision.
bool is_converted_to(c10::ScalarType dtype) {
  return dtype_of(dtype).has_value() || c10::isComplexType(dtype);
}

bool quantizes(const ValueCopy& copy) {
  const auto to = copy.destination.scalar_type();
  return copy.entry.dtype == at::kFloat && copy.destination.is_contiguous() &&
         (to == at::kQInt8 || to == at::kQUInt8 || to == at::kQInt32);
}

const char* refusal_of(const ValueCopy& copy) {
  const at::Tensor& destination = copy.destination;
  if (!destination.defined()) return "undefined: load into tensors that have memory";
  if (destination.layout() != c10::kStrided) return "sparse: load into dense tensors";
  if (destination.is_nested()) return "nested: load into the tensors that unbind() gives";
  if (destination.is_meta())
    return "on the meta device, without memory: use load_model with `assign`, or load_file";
  if (!destination.has_storage() && destination.is_cpu())
    return "wrapped, without a storage: load into what is wrapped";
  if (destination.is_inference() && !c10::InferenceMode::is_enabled())
    return "made in inference mode: load in inference mode too";
  if (copy.entry.info.nbytes == 0) return nullptr;
  if (destination.is_quantized() && !quantizes(copy))
    return "quantized, which takes F32 only, contiguous and into 8 or 32 bits: load into a tensor "
           "that quantize_per_tensor() is called on";
  if (!destination.is_quantized() && !is_converted_to(destination.scalar_type()))
    return "of a dtype that LibTorch converts nothing to: load into one that the format has";
  if (destination.has_storage() && !fits_in_storage(destination))
    return "larger than the storage, which was freed or shrunk: give it back before";
  if (takes_bytes_as_they_are(copy)) return nullptr;
  if (converts_f4(copy)) return "of another dtype: LibTorch cannot convert F4";
  if (at::has_internal_overlap(destination) == at::MemOverlap::Yes)
    return "with several elements in one place of memory: clone() before";
  return nullptr;
}

}  // namespace

void check_destinations(const std::vector<ValueCopy>& copies) {
  std::map<std::string, std::vector<std::string>> names;  // by what is said about them
  for (const auto& copy : copies) {
    if (const char* refusal = refusal_of(copy)) names[refusal].push_back(copy.entry.name);
  }
  std::string message;
  for (const auto& [refusal, refused] : names)
    message += (message.empty() ? "" : "; ") +
               ("cannot copy values into " + tensors_called(refused)) + ", " + refusal;
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
