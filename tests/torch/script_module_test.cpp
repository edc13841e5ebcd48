#include <torch/script.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "code_of.hpp"
#include "sample.hpp"
#include "scratch_directory.hpp"
#include "tensors.h"

using namespace safetensors;

namespace {

// layer.weight [2, 3] = tied, layer.scale [2] (a buffer), offset [2].
torch::jit::Module script() {
  torch::jit::Module layer("Layer");
  const at::Tensor weight = counting({2, 3});
  layer.register_parameter("weight", weight, false);
  layer.register_buffer("scale", at::ones({2}));
  layer.define("def forward(self, x):\n  return torch.mv(self.weight, x) * self.scale\n");
  torch::jit::Module model("Model");
  model.register_module("layer", layer);
  model.register_parameter("tied", weight, false);
  model.register_parameter("offset", at::zeros({2}), false);
  model.define("def forward(self, x):\n  return self.layer.forward(x) + self.offset\n");
  return model;
}

at::Tensor run(torch::jit::Module& model) {
  return model.forward({at::ones({3})}).toTensor();
}

}  // namespace

TEST_CASE("tied tensors of a TorchScript module are saved once") {
  const ScratchDirectory folder;
  save_model(script(), folder / "f");
  CHECK(names_of(load_file(folder / "f")) ==
        std::vector<std::string>{"layer.scale", "layer.weight", "offset"});
  CHECK(File::open(folder / "f").metadata() == Metadata{{"tied", "layer.weight"}});
}

TEST_CASE("a TorchScript module uses the loaded values") {
  const ScratchDirectory folder;
  const bool assign = GENERATE(false, true);
  save_file({{"layer.weight", at::ones({2, 3})},
             {"layer.scale", counting({2})},
             {"offset", at::ones({2}) * 10}},
            folder / "f");
  auto model = script();
  run(model);  // optimizes the graph for the old values
  run(model);
  const auto report = load_model(model, folder / "f", {.assign = assign});
  CHECK(report.missing.empty());
  CHECK(same_bits(run(model), at::tensor({10.f, 13.f})));
  CHECK(same_bits(model.attr("tied").toTensor(), at::ones({2, 3})));

  model.save((folder / "script").string());
  auto again = torch::jit::load((folder / "script").string());
  CHECK(same_bits(run(again), at::tensor({10.f, 13.f})));
}

TEST_CASE("tensor attributes that are not buffers are ignored") {
  const ScratchDirectory folder;
  auto model = script();
  model.register_attribute("free", c10::TensorType::get(), at::ones({2}));
  save_model(model, folder / "f");
  CHECK_FALSE(load_file(folder / "f").contains("free"));
  CHECK(load_model(model, folder / "f").missing.empty());
}

TEST_CASE("missing and unexpected names of a TorchScript module") {
  const ScratchDirectory folder;
  save_file({{"layer.x", at::ones({1})}, {"offset", at::ones({2})}}, folder / "f");
  auto model = script();
  const auto report = load_model(model, folder / "f", {.strict = false});
  CHECK(report.missing == std::vector<std::string>{"layer.weight", "layer.scale"});
  CHECK(report.unexpected == std::vector<std::string>{"layer.x"});
  CHECK(code_of<Error>([&] { load_model(model, folder / "f"); }) == ST_E_TENSOR_NOT_FOUND);
}

TEST_CASE("modules whose weights are neither parameters nor buffers are rejected") {
  const ScratchDirectory folder;
  auto model = script();
  model.eval();
  const auto frozen = torch::jit::freeze(model);
  CHECK(contains(message_of([&] { save_model(frozen, folder / "f"); }), "frozen"));
  CHECK(code_of<Error>([&] { state_dict(frozen); }) == ST_E_INVALID_ARGUMENT);
  const auto partly = torch::jit::freeze(model, std::vector<std::string>{"offset"});
  CHECK(contains(message_of([&] { save_model(partly, folder / "f"); }), "frozen"));

  torch::jit::Module packed("Packed");
  const auto weight = at::quantize_per_tensor(at::ones({2, 3}), 0.1, 0, at::kQInt8);
  const auto prepack =
      c10::Dispatcher::singleton().findSchemaOrThrow("quantized::linear_prepack", "");
  torch::jit::Stack stack{weight, c10::IValue()};
  prepack.callBoxed(&stack);
  const c10::IValue parameters = stack.at(0);
  packed.register_attribute("_packed_params", parameters.type(), parameters);
  model.register_module("quantized", packed);
  CHECK(contains(message_of([&] { save_model(model, folder / "f"); }),
                 R"("quantized._packed_params")"));
  CHECK_FALSE(std::filesystem::exists(folder / "f"));
}

TEST_CASE("a module without tensors is saved as an empty file") {
  const ScratchDirectory folder;
  torch::jit::Module module("Empty");
  module.define("def forward(self, x):\n  return x + 1\n");
  save_model(module, folder / "f");
  CHECK(File::open(folder / "f").size() == 0);
}
