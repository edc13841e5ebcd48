#include "save_request.h"

#include <c10/core/GradMode.h>

#include <utility>

#include "tensor/dtype_map.h"

namespace safetensors {

namespace {

st_metadata_entry metadata_entry(const std::string& key, const std::string& value) {
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  entry.key = key.data();
  entry.key_len = key.size();
  entry.value = value.data();
  entry.value_len = value.size();
  return entry;
}

}  // namespace

SaveRequest::SaveRequest(StateDict tensors, const Metadata& metadata, const Progress& progress)
    : tensors_(std::move(tensors)), progress_(progress) {
  const c10::NoGradGuard no_grad;
  entries_.reserve(tensors_.size());
  for (auto& named : tensors_) {
    if (named.tensor.is_conj() || named.tensor.is_neg())
      named.tensor = named.tensor.resolve_conj().resolve_neg();
    add(named);
  }
  for (const auto& [key, value] : metadata)
    metadata_.push_back(metadata_entry(key, value));
}

void SaveRequest::add(const NamedTensor& named) {
  const at::Tensor& tensor = named.tensor;
  auto& shape = shapes_.emplace_back(tensor.sizes().begin(), tensor.sizes().end());
  if (is_pair_of_elements(tensor.scalar_type())) shape.back() *= 2;

  st_save_tensor entry = ST_SAVE_TENSOR_INIT;
  entry.dtype = *dtype_of(tensor.scalar_type());
  entry.name = named.name.data();
  entry.name_len = named.name.size();
  entry.shape = shape.data();
  entry.rank = shape.size();
  entry.nbytes = tensor.nbytes();
  if (tensor.numel() > 0 && tensor.is_cpu()) {
    entry.data = tensor.const_data_ptr();
  } else if (tensor.numel() > 0) {
    entry.fill = DeviceFill::fill;
    entry.user_data = &fills_.emplace_back(tensor);
  }
  entries_.push_back(entry);
}

void SaveRequest::to_file(const std::filesystem::path& path, Durability durability) {
  st_save_options c_options = options();
  c_options.durability = static_cast<std::uint32_t>(durability);
  st_error error = ST_ERROR_INIT;
  check(st_save(detail::c_path(path), entries_.data(), entries_.size(), &c_options, &error), error);
}

Buffer SaveRequest::to_memory() {
  const st_save_options c_options = options();
  st_error error = ST_ERROR_INIT;
  std::uint64_t nbytes = 0;
  check(st_save_size(entries_.data(), entries_.size(), &c_options, &nbytes, &error), error);
  Buffer buffer(static_cast<std::size_t>(nbytes));
  check(st_save_memory(entries_.data(), entries_.size(), &c_options, buffer.data(), buffer.size(),
                       nullptr, &error),
        error);
  return buffer;
}

st_save_options SaveRequest::options() {
  st_save_options c_options = ST_SAVE_OPTIONS_INIT;
  c_options.metadata = metadata_.data();
  c_options.metadata_count = metadata_.size();
  if (progress_) c_options.progress = on_progress;
  c_options.user_data = this;
  return c_options;
}

void SaveRequest::check(st_status status, const st_error& error) {
  if (status == ST_OK) return;
  if (thrown_) std::rethrow_exception(thrown_);
  for (const auto& fill : fills_) {
    if (fill.error()) std::rethrow_exception(fill.error());
  }
  throw Error(error);
}

std::int32_t SaveRequest::on_progress(void* self, std::uint64_t done,
                                      std::uint64_t total) noexcept {
  auto* request = static_cast<SaveRequest*>(self);
  try {
    return request->progress_(done, total) ? 0 : 1;
  } catch (...) {
    request->thrown_ = std::current_exception();
    return 1;
  }
}

}  // namespace safetensors
