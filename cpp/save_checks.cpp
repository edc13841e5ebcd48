#include "save_checks.h"

#include <optional>
#include <safetensors/safetensors.hpp>

#include "names/quote.h"
#include "tensor/dtype_map.h"
#include "tensor/tensor_span.h"

namespace safetensors {

namespace {

struct Rejection {
  st_status code;
  const char* what;    // after the names
  const char* remedy;  // after a colon
  bool (*applies)(const at::Tensor& tensor);
};

// The first that applies rejects a tensor: the later conditions rely on the earlier ones.
constexpr Rejection rejections[] = {
    {ST_E_INVALID_ARGUMENT, "undefined", "remove it",
     [](const at::Tensor& t) { return !t.defined(); }},
    {ST_E_INVALID_ARGUMENT, "sparse or of another layout than strided",
     "call to_dense(), which makes the file larger",
     [](const at::Tensor& t) { return t.layout() != c10::kStrided; }},
    {ST_E_INVALID_ARGUMENT, "nested", "save the tensors that unbind() returns",
     [](const at::Tensor& t) { return t.is_nested(); }},
    {ST_E_INVALID_ARGUMENT, "quantized",
     "save int_repr() with the scale and zero point, or dequantize()",
     [](const at::Tensor& t) { return t.is_quantized(); }},
    {ST_E_INVALID_ARGUMENT, "on the meta device, without data",
     "load values first (load_model with `assign`)",
     [](const at::Tensor& t) { return t.is_meta(); }},
    {ST_E_INVALID_ARGUMENT, "wrapped, without a storage", "save the tensor inside",
     [](const at::Tensor& t) { return !t.has_storage(); }},
    {ST_E_DTYPE, "of a dtype that the format does not have",
     "convert with to(), or view_as_real() for complex numbers",
     [](const at::Tensor& t) { return !dtype_of_scalar_type(t.scalar_type()); }},
    {ST_E_INVALID_ARGUMENT, "F4 without a dimension", "call unsqueeze(0)",
     [](const at::Tensor& t) { return is_packed_pair(t.scalar_type()) && t.dim() == 0; }},
    {ST_E_INVALID_ARGUMENT, "larger than its storage, which was freed or resized", "save it before",
     [](const at::Tensor& t) { return !fits_in_storage(t); }},
};

std::optional<std::size_t> first_rejection(const at::Tensor& tensor) {
  for (std::size_t i = 0; i < std::size(rejections); ++i) {
    if (rejections[i].applies(tensor)) return i;
  }
  return std::nullopt;
}

std::string describe(const NamedTensor& named) {
  if (!named.tensor.defined()) return quote(named.name);
  return quote(named.name) + " (" + c10::toString(named.tensor.scalar_type()) + ")";
}

std::string cannot_save(const std::string& names) {
  return "cannot save " + names;
}

}  // namespace

void check_storable(const StateDict& state) {
  std::string names[std::size(rejections)];
  bool is_any = false;
  for (const auto& named : state) {
    const auto rejection = first_rejection(named.tensor);
    if (!rejection) continue;
    is_any = true;
    names[*rejection] += (names[*rejection].empty() ? "" : ", ") + describe(named);
  }
  if (!is_any) return;

  std::string message;
  st_status code = ST_OK;
  for (std::size_t i = 0; i < std::size(rejections); ++i) {
    if (names[i].empty()) continue;
    if (code == ST_OK) code = rejections[i].code;
    message += (message.empty() ? "" : "; ") + cannot_save(names[i]) + ", " + rejections[i].what +
               ": " + rejections[i].remedy;
  }
  throw Error(code, message);
}

void check_unshared(const StateDict& state) {
  std::string groups;
  for (const auto& group : find_shared_tensors(state)) {
    if (group.size() < 2) continue;
    std::vector<std::string> names;
    for (const std::size_t position : group)
      names.push_back(state[position].name);
    groups += (groups.empty() ? "[" : ", [") + quote_all(names) + "]";
  }
  if (!groups.empty())
    throw Error(ST_E_INVALID_ARGUMENT,
                cannot_save(groups) +
                    ", which share memory: the file would store it several times, and loading "
                    "would not restore the sharing. Use save_model, which stores the shared "
                    "tensors of a model once, or clone()");
}

void check_contiguous(const StateDict& state, const std::string& remedy) {
  std::vector<std::string> names;
  for (const auto& named : state) {
    if (!named.tensor.is_contiguous()) names.push_back(named.name);
  }
  if (!names.empty())
    throw Error(ST_E_INVALID_ARGUMENT,
                cannot_save(quote_tensors(names)) + ", not contiguous: " + remedy);
}

}  // namespace safetensors
