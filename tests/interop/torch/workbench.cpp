#include "workbench.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "layers.h"
#include "torch_dtype.h"

namespace {

c10::Storage storage_over(const std::shared_ptr<std::string>& memory, std::int64_t offset,
                          std::int64_t size) {
  using Owner = std::shared_ptr<std::string>;
  c10::DataPtr data;
  if (size > 0) {
    data = c10::DataPtr(
        memory->data() + offset, new Owner(memory),
        [](void* owner) { delete static_cast<Owner*>(owner); }, c10::kCPU);
  }
  return {c10::Storage::use_byte_size_t(), static_cast<std::size_t>(size), std::move(data), nullptr,
          /*resizable=*/false};
}

at::Tensor special_tensor(const std::string& kind) {
  if (kind == "sparse") return torch::eye(3).to_sparse();
  if (kind == "csr") return torch::eye(3).to_sparse_csr();
  if (kind == "meta") return torch::empty({2, 3}, torch::kMeta);
  if (kind == "quantized")
    return torch::quantize_per_tensor(torch::ones(3), 1.0, 0, torch::kQUInt8);
  if (kind == "conj") return torch::complex(torch::ones(2), torch::ones(2)).conj();
  if (kind == "neg") return torch::_neg_view(torch::ones(2));
  if (kind == "undefined") return {};
  throw std::runtime_error("no kind of tensor: " + kind);
}

}  // namespace

Workbench::Place Workbench::place(const std::string& path) {
  const auto dot = path.rfind('.');
  if (dot == std::string::npos) return {module(), path};
  return {*modules_.at(path.substr(0, dot)), path.substr(dot + 1)};
}

void Workbench::add_module(const std::string& path, std::shared_ptr<torch::nn::Module> module) {
  const auto [parent, name] = place(path);
  modules_[path] = parent.register_module(name, std::move(module));
}

// The n-th tensor by name counts from `number` + n, modulo 100.
void Workbench::fill(std::int64_t number) {
  const torch::NoGradGuard no_grad;
  auto state = model_state();
  std::sort(state.begin(), state.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const auto& [name, tensor] : state) {
    const auto values = torch::arange(number, number + tensor.numel()).remainder(100);
    tensor.copy_(values.view(tensor.sizes()));
    ++number;
  }
}

bool Workbench::build(const ScriptLine& line) {
  const std::string& command = line.command();
  if (command == "memory") {
    memories_[line.word(0)] = std::make_shared<std::string>(line.bytes(1));
  } else if (command == "storage") {
    storages_[line.word(0)] =
        storage_over(memories_.at(line.word(1)), line.number(2), line.number(3));
  } else if (command == "tensor") {
    tensors_[line.word(0)] =
        at::empty({0}, torch_dtype(line.word(1)))
            .set_(storages_.at(line.word(2)), line.number(3), line.numbers(4), line.numbers(5));
  } else if (command == "special") {
    tensors_[line.word(0)] = special_tensor(line.word(1));
  } else if (command == "entry") {
    dictionary_.push_back({line.bytes(0), tensors_.at(line.word(1))});
  } else if (command == "metadata") {
    metadata_[line.bytes(0)] = line.bytes(1);
  } else if (command == "module") {
    add_module(line.bytes(0), std::make_shared<torch::nn::Module>("Part"));
  } else if (command == "same_module") {
    add_module(line.bytes(0), modules_.at(line.bytes(1)));
  } else if (command == "parameter") {
    const auto [parent, name] = place(line.bytes(0));
    parent.register_parameter(name, tensors_.at(line.word(1)), line.flag(2));
  } else if (command == "no_parameter") {
    const auto [parent, name] = place(line.bytes(0));
    parent.register_parameter(name, {}, false);
  } else if (command == "buffer") {
    const auto [parent, name] = place(line.bytes(0));
    parent.register_buffer(name, tensors_.at(line.word(1)));
  } else if (command == "layer") {
    add_module(line.bytes(0), make_layer(line.word(1), line.numbers(2)));
  } else if (command == "fill") {
    fill(line.number(0));
  } else if (command == "jit") {
    jit_ = torch::jit::load(line.bytes(0));
  } else {
    return false;
  }
  return true;
}

std::vector<safetensors::NamedTensor> Workbench::model_state() {
  std::vector<safetensors::NamedTensor> state;
  const auto add = [&](const safetensors::NamedTensors& tensors) {
    state.insert(state.end(), tensors.begin(), tensors.end());
  };
  if (jit_) {
    add(jit_->named_parameters());
    add(jit_->named_buffers());
  } else {
    add(module().named_parameters());
    add(module().named_buffers());
  }
  return state;
}
