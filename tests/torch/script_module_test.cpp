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
