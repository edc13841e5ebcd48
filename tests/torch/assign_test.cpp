#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/nn/modules/linear.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "code_of.hpp"
#include "models.h"
#include "sample.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;

TEST_CASE("assigned tensors are mapped and keep their identity") {
  const ScratchDirectory folder;
  save_model(*tied_model(100), folder / "f");
  auto model = tied_model();
  const at::Tensor weight = (*model)["in.weight"];
  const void* memory = weight.const_data_ptr();
  load_model(*model, folder / "f", {.assign = true});
  CHECK(weight.const_data_ptr() != memory);
  CHECK(same_bits(weight, counting({4, 3}) + 100));
  CHECK(weight.storage().nbytes() == weight.nbytes());
  CHECK(weight.requires_grad());
  CHECK(weight.is_leaf());
  CHECK((*model)["out.weight"].is_same(weight));
  CHECK((*model)["out.weight"].const_data_ptr() == weight.const_data_ptr());
}

TEST_CASE("an assigned model can be trained") {
  const ScratchDirectory folder;
  torch::nn::Linear layer(3, 2);
  const at::Tensor x = at::ones({1, 3});
  layer->forward(x).sum().backward();
  save_model(layer, folder / "f");
  load_model(layer, folder / "f", {.assign = true});
  CHECK(layer->weight.grad().defined());
  layer->zero_grad();
  layer->forward(x).sum().backward();
  CHECK(same_bits(layer->weight.grad(), at::ones({2, 3})));
}

TEST_CASE("assign changes the dtype and drops gradients of another dtype") {
  const ScratchDirectory folder;
  torch::nn::Linear layer(3, 2);
  layer->forward(at::ones({1, 3})).sum().backward();
  save_file({{"weight", at::ones({2, 3}, at::kDouble)}, {"bias", at::ones({2})}}, folder / "f");
  load_model(layer, folder / "f", {.assign = true});
  CHECK(layer->weight.scalar_type() == at::kDouble);
  CHECK_FALSE(layer->weight.grad().defined());
  CHECK(layer->bias.grad().defined());
  (layer->weight * 2).sum().backward();
  CHECK(layer->weight.grad().scalar_type() == at::kDouble);
}

TEST_CASE("assign materializes a model on the meta device with tied names") {
  const ScratchDirectory folder;
  save_model(*tied_model(5), folder / "f");
  auto model = tied_model(0, at::kMeta);
  REQUIRE((*model)["in.weight"].is_meta());
  load_model(*model, folder / "f", {.assign = true});
  for (const auto& item : model->named_parameters()) {
    INFO(item.key());
    CHECK(item.value().is_cpu());
    CHECK(item.value().requires_grad());
  }
  CHECK(same_bits((*model)["out.weight"], counting({4, 3}) + 5));
  (*model)["out.weight"].sum().backward();
  CHECK((*model)["in.weight"].grad().defined());
}

TEST_CASE("aliases become views of the assigned data") {
  const ScratchDirectory folder;
  const at::Tensor w = counting({4, 3});
  Layer model;
  model.buffer("w", w).buffer("row", w[1]).buffer("t", w.view({3, 4}));
  save_file({{"w", at::ones({4, 3})}}, folder / "f");
  load_model(model, folder / "f", {.assign = true});
  CHECK(same_bits(model["row"], at::ones({3})));
  model["w"].fill_(2);
  CHECK(same_bits(model["row"], at::ones({3}) * 2));
  CHECK(same_bits(model["t"], at::ones({3, 4}) * 2));
}

TEST_CASE("values are copied into a view if the file lacks the whole tensor") {
  const ScratchDirectory folder;
  const at::Tensor w = counting({4, 3});
  Layer model;
  model.buffer("w", w).buffer("row", w[1]);
  model.buffer("other", at::ones({1}));
  save_file({{"row", at::zeros({3})}, {"other", at::zeros({1})}}, folder / "f");
  std::vector<std::uint64_t> done;
  const auto progress = [&](std::uint64_t now, std::uint64_t total) {
    CHECK(total == 16);
    done.push_back(now);
    return true;
  };
  load_model(model, folder / "f", {.strict = false, .assign = true, .progress = progress});
  CHECK(same_bits(model["w"][1], at::zeros({3})));
  CHECK(done == std::vector<std::uint64_t>{4, 16});
}

TEST_CASE("overlapping views are filled in the order of the model") {
  const ScratchDirectory folder;
  const at::Tensor w = at::zeros({4});
  Layer model;
  model.buffer("w", w).buffer("z", w.narrow(0, 0, 3)).buffer("y", w.narrow(0, 1, 3));
  save_file({{"y", at::ones({3})}, {"z", at::ones({3}) * 2}}, folder / "f");  // y comes first
  const bool assign = GENERATE(false, true);
  load_model(model, folder / "f", {.strict = false, .assign = assign});
  CHECK(same_bits(w, at::tensor({2.f, 1.f, 1.f, 1.f})));
}

TEST_CASE("aliases that cannot become views of the new data are rejected") {
  const ScratchDirectory folder;
  const at::Tensor w = counting({4, 3});
  save_file({{"bits", at::ones({4, 3})}, {"other", at::ones({1})}}, folder / "f");
  Layer model;
  model.buffer("other", at::zeros({1})).buffer("bits", w).buffer("ints", w.view(at::kInt));
  const auto call = [&] { load_model(model, folder / "f", {.assign = true}); };
  CHECK(code_of<Error>(call) == ST_E_UNSUPPORTED);
  CHECK(contains(message_of(call), "\"ints\""));
  CHECK(same_bits(model["other"], at::zeros({1})));
}

TEST_CASE("a lazy conjugate alias is rejected") {
  const ScratchDirectory folder;
  const at::Tensor z = at::ones({2}, at::kComplexFloat);
  save_file({{"z", z * 2}}, folder / "f");
  Layer model;
  model.buffer("z", z).buffer("conjugate", z.conj());
  const auto call = [&] { load_model(model, folder / "f", {.assign = true}); };
  CHECK(code_of<Error>(call) == ST_E_UNSUPPORTED);
  CHECK(contains(message_of(call), "\"conjugate\""));
  CHECK(same_bits(z, at::ones({2}, at::kComplexFloat)));
}

TEST_CASE("inference tensors of a model can be trained after assign outside inference mode") {
  const ScratchDirectory folder;
  save_file({{"weight", at::ones({2, 3})}, {"bias", at::ones({2})}}, folder / "f");
  torch::nn::Linear layer = nullptr;
  {
    const c10::InferenceMode inference;
    layer = torch::nn::Linear(3, 2);
  }
  load_model(layer, folder / "f", {.assign = true});
  CHECK_FALSE(layer->weight.is_inference());
  layer->forward(at::ones({1, 3})).sum().backward();
  const c10::NoGradGuard no_grad;
  layer->weight.sub_(layer->weight.grad());
  CHECK(same_bits(layer->weight, at::zeros({2, 3})));
  load_model(layer, folder / "f");
  CHECK(same_bits(layer->weight, at::ones({2, 3})));
}

TEST_CASE("assign to wrapper tensors is rejected") {
  const ScratchDirectory folder;
  save_file({{"w", at::ones({2})}}, folder / "f");
  Layer model;
  model.buffer("w", at::functorch::makeBatched(at::zeros({2, 2}), 0, 1));
  const auto call = [&] { load_model(model, folder / "f", {.assign = true}); };
  CHECK(code_of<Error>(call) == ST_E_INVALID_ARGUMENT);
  CHECK(contains(message_of(call), "tensor \"w\""));
}

TEST_CASE("assign of integers to a tensor that requires gradients is rejected") {
  const ScratchDirectory folder;
  save_file({{"w", counting({2}, at::kLong)}}, folder / "f");
  Layer model;
  model.parameter("w", at::zeros({2}));
  const auto call = [&] { load_model(model, folder / "f", {.assign = true}); };
  CHECK(code_of<Error>(call) == ST_E_INVALID_ARGUMENT);
  CHECK(contains(message_of(call), "tensor \"w\", with gradients required"));
  load_model(model, folder / "f");
  CHECK(same_bits(model["w"], counting({2})));
}

TEST_CASE("assign to the meta device is supported") {
  const ScratchDirectory folder;
  save_model(*tied_model(), folder / "f");
  auto model = tied_model();
  load_model(*model, folder / "f", {.device = "meta", .assign = true});
  CHECK((*model)["in.weight"].is_meta());
}
