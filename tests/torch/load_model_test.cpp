#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/modules/linear.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "code_of.hpp"
#include "models.h"
#include "sample.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;
using Names = std::vector<std::string>;

namespace {

LoadReport report_of(Layer& model, const std::filesystem::path& path,
                     const LoadModelOptions& options = {}) {
  try {
    load_model(model, path, options);
  } catch (const ModelMismatchError& error) {
    return error.report();
  }
  return {};
}

}  // namespace

TEST_CASE("load_model copies values and preserves ties, requires_grad and identity") {
  const ScratchDirectory folder;
  const Backend backend = GENERATE(Backend::Auto, Backend::Mmap, Backend::Pread);
  const auto trained = tied_model(100);
  save_model(*trained, folder / "f");
  auto model = tied_model();
  const at::Tensor weight = (*model)["in.weight"];
  const void* memory = weight.const_data_ptr();
  const auto version = weight._version();

  const auto report = load_model(*model, folder / "f", {.backend = backend});
  CHECK(report.missing.empty());
  CHECK(report.unexpected.empty());
  for (const auto& item : trained->named_parameters()) {
    INFO(item.key());
    CHECK(same_bits((*model)[item.key()], item.value()));
    CHECK((*model)[item.key()].requires_grad());
  }
  CHECK((*model)["out.weight"].is_same(weight));
  CHECK(weight.const_data_ptr() == memory);
  CHECK(weight._version() > version);
  CHECK(weight.is_leaf());
}

TEST_CASE("values are converted to the dtype and strides of the model") {
  const ScratchDirectory folder;
  save_file({{"w", counting({2, 3}, at::kLong)}, {"b", counting({2}, at::kDouble)}}, folder / "f");
  const Backend backend = GENERATE(Backend::Mmap, Backend::Pread);
  Layer model;
  model.parameter("w", at::zeros({3, 2}).t()).buffer("b", at::zeros({2}, at::kHalf));
  load_model(model, folder / "f", {.backend = backend});
  CHECK(same_bits(model["w"], counting({2, 3})));
  CHECK(model["w"].strides() == at::IntArrayRef({1, 2}));
  CHECK(same_bits(model["b"], counting({2}, at::kHalf)));
}

TEST_CASE("missing and unexpected names are thrown if strict, else returned") {
  const ScratchDirectory folder;
  save_file({{"in.weight", at::ones({4, 3})}, {"norm.x", at::ones({1})}, {"y", at::ones({1})}},
            folder / "f");
  auto model = tied_model();
  const Names missing = {
      "steps", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var", "out.bias"};
  const Names unexpected = {"y", "norm.x"};
  const auto report = report_of(*model, folder / "f");
  CHECK(report.missing == missing);
  CHECK(report.unexpected == unexpected);
  CHECK(same_bits((*model)["in.weight"], counting({4, 3})));
  const auto message = message_of([&] { load_model(*model, folder / "f"); });
  CHECK(contains(message, (folder / "f").string() + "\" does not match the model:"));
  CHECK(contains(message, R"("out.bias")"));
  CHECK(contains(message, R"("y", "norm.x")"));
  CHECK(code_of<Error>([&] { load_model(*model, folder / "f"); }) == ST_E_TENSOR_NOT_FOUND);

  const auto returned = load_model(*model, folder / "f", {.strict = false});
  CHECK(returned.missing == missing);
  CHECK(returned.unexpected == unexpected);
  CHECK(same_bits((*model)["out.weight"], at::ones({4, 3})));
}

TEST_CASE("unexpected names are in the order of load_state_dict in Python") {
  const ScratchDirectory folder;
  TensorDict tensors;
  for (const char* name :
       {"in.a.b", "in", "in.", "zz.q", "in.weight.x", "norm._extra_state", "norm.a", "", "out.y"})
    tensors.insert(name, at::ones({1}));
  save_file(tensors, folder / "f");
  auto model = tied_model();
  CHECK(load_model(*model, folder / "f", {.strict = false}).unexpected ==
        Names{"", "in", "zz.q", "in.", "in.a.b", "in.weight.x", "norm._extra_state", "norm.a",
              "out.y"});
}

TEST_CASE("one alias in the file suffices; more are unexpected") {
  const ScratchDirectory folder;
  auto model = tied_model();
  save_model(*model, folder / "all");
  TensorDict tensors = load_file(folder / "all");
  const at::Tensor weight = tensors["in.weight"].clone() + 1;
  tensors.erase("in.weight");
  tensors.insert("out.weight", weight);
  save_file(tensors, folder / "f");
  CHECK(load_model(*model, folder / "f").unexpected.empty());
  CHECK(same_bits((*model)["in.weight"], weight));

  tensors.insert("in.weight", at::zeros({4, 3}));
  save_file(tensors, folder / "g");
  CHECK(report_of(*model, folder / "g").unexpected == Names{"in.weight"});
  CHECK(load_model(*model, folder / "g", {.strict = false}).missing.empty());
  CHECK(same_bits((*model)["in.weight"], weight));  // "out" follows "in"
}

TEST_CASE("a mismatched shape throws even if not strict, unless ignore_mismatched") {
  const ScratchDirectory folder;
  save_file({{"a", at::ones({3, 2})}, {"b", at::ones({2})}}, folder / "f");
  Layer model;
  model.parameter("a", at::zeros({2, 3})).parameter("b", at::zeros({2}));
  const auto call = [&] { load_model(model, folder / "f", {.strict = false}); };
  CHECK(code_of<Error>(call) == ST_E_SIZE_MISMATCH);
  CHECK(contains(message_of(call), R"("a" has the shape [3, 2] in the file and [2, 3])"));
  CHECK(same_bits(model["b"], at::zeros({2})));

  const auto report = load_model(model, folder / "f", {.ignore_mismatched = true});
  REQUIRE(report.mismatched.size() == 1);
  CHECK(report.mismatched[0].name == "a");
  CHECK(report.mismatched[0].file_shape == std::vector<std::int64_t>{3, 2});
  CHECK(report.mismatched[0].model_shape == std::vector<std::int64_t>{2, 3});
  CHECK(same_bits(model["a"], at::zeros({2, 3})));
  CHECK(same_bits(model["b"], at::ones({2})));
}

TEST_CASE("only shape [1] is loaded into a scalar") {
  const ScratchDirectory folder;
  Layer model;
  model.parameter("s", at::zeros({}));
  save_file({{"s", at::ones({1})}}, folder / "one");
  load_model(model, folder / "one");
  CHECK(same_bits(model["s"], at::ones({})));
  for (const at::Tensor& other : {at::ones({2}), at::ones({1, 1}), at::ones({0})}) {
    save_file({{"s", other}}, folder / "other");
    CHECK(code_of<Error>([&] { load_model(model, folder / "other"); }) == ST_E_SIZE_MISMATCH);
  }
}

TEST_CASE("num_batches_tracked is not reported as missing") {
  const ScratchDirectory folder;
  save_model(*tied_model(), folder / "all");
  auto tensors = load_file(folder / "all");
  tensors.erase("norm.num_batches_tracked");
  save_file(tensors, folder / "f");
  CHECK(load_model(*tied_model(), folder / "f").missing.empty());
}

TEST_CASE("renames apply on load, before names and pattern") {
  const ScratchDirectory folder;
  save_file({{"bert.layer.0.gamma", at::ones({2})}, {"bert.other", at::ones({2})}}, folder / "f");
  Layer model;
  model.parameter("weight", at::zeros({2})).parameter("kept", at::zeros({2}));
  const auto renames = Renames().strip_prefix("bert.").regex("^layer\\.\\d+\\.gamma$", "weight");
  CHECK(load_model(model, folder / "f", {.renames = renames, .names = {"weight"}}).missing.empty());
  CHECK(same_bits(model["weight"], at::ones({2})));
  CHECK(same_bits(model["kept"], at::zeros({2})));
  model["weight"].detach().zero_();
  load_model(model, folder / "f", {.renames = renames, .pattern = "^w"});
  CHECK(same_bits(model["weight"], at::ones({2})));
}

TEST_CASE("a selected view is loaded without the tensor it is a view of") {
  const ScratchDirectory folder;
  const at::Tensor whole = counting({4, 3});
  Layer model;
  model.buffer("whole", whole).buffer("part", whole[1]);
  save_file({{"part", at::ones({3})}, {"whole", at::zeros({4, 3})}}, folder / "f");
  const auto report = load_model(model, folder / "f", {.names = {"part"}});
  CHECK(report.missing.empty());
  CHECK(report.unexpected.empty());
  CHECK(same_bits(whole[1], at::ones({3})));
  CHECK(same_bits(whole[0], counting({3})));
}

TEST_CASE("tensors that are not selected are neither loaded nor checked") {
  const ScratchDirectory folder;
  save_file({{"a", at::ones({2})}}, folder / "f");
  const at::Tensor parts = counting({4, 3});
  const at::Tensor square = counting({3, 3});
  Layer model;
  model.buffer("a", at::zeros({2})).buffer("part", parts[1]);
  model.buffer("square", square).buffer("transposed", square.t());
  load_model(model, folder / "f", {.names = {"a"}});
  CHECK(same_bits(model["a"], at::ones({2})));
  CHECK(code_of<Error>([&] {
          load_model(model, folder / "f", {.strict = false, .pattern = "a"});
        }) == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("a model is saved with the original names by the inverse of the renames") {
  const ScratchDirectory folder;
  save_model(*tied_model(7), folder / "f", {.renames = Renames().add_prefix("model.")});
  const auto renames = Renames().strip_prefix("model.");
  auto model = tied_model();
  load_model(*model, folder / "f", {.renames = renames});
  save_model(*model, folder / "g", {.renames = renames.inverse()});
  CHECK(read_file(folder / "f") == read_file(folder / "g"));
}

TEST_CASE("copying values to the meta device is rejected") {
  const ScratchDirectory folder;
  save_file({{"w", at::ones({2})}}, folder / "f");
  Layer model;
  model.parameter("w", at::zeros({2}, at::kMeta));
  CHECK(code_of<Error>([&] { load_model(model, folder / "f"); }) == ST_E_INVALID_ARGUMENT);
  CHECK(contains(message_of([&] { load_model(model, folder / "f"); }), "`assign`"));
  const auto into = [&] { load_into({{"w", model["w"]}}, folder / "f"); };
  CHECK(contains(message_of(into), "tensor \"w\", on the meta device"));
  CHECK(contains(message_of(into), "load_file"));
}

TEST_CASE("load_model reports progress and can be cancelled") {
  const ScratchDirectory folder;
  save_model(*tied_model(), folder / "f");
  std::uint64_t last = 0;
  std::uint64_t of = 0;
  const auto progress = [&](std::uint64_t done, std::uint64_t total) {
    last = done;
    of = total;
    return true;
  };
  const bool assign = GENERATE(false, true);
  load_model(*tied_model(), folder / "f", {.assign = assign, .progress = progress});
  CHECK(of == 48 + 16 + 4 * 16 + 8 + 16);
  CHECK(last == of);
  const auto stop = [](std::uint64_t, std::uint64_t) { return false; };
  CHECK(code_of<Error>([&] {
          load_model(*tied_model(), folder / "f", {.assign = assign, .progress = stop});
        }) == ST_E_CANCELLED);
}

TEST_CASE("a module holder is loaded") {
  const ScratchDirectory folder;
  torch::nn::Linear layer(3, 4);
  save_model(layer, folder / "f");
  torch::nn::Linear other(3, 4);
  const auto report = load_model(other, folder / "f");
  CHECK(report.missing.empty());
  CHECK(report.loaded == std::vector<std::string>{"bias", "weight"});
  CHECK(same_bits(other->weight, layer->weight));
}

TEST_CASE("load_into copies values into tensors and views by name") {
  const ScratchDirectory folder;
  const Backend backend = GENERATE(Backend::Mmap, Backend::Pread);
  save_file({{"a", at::ones({2})}, {"b", counting({3})}, {"c", at::ones({1})}}, folder / "f");
  const at::Tensor arena = at::zeros({8});
  const auto report = load_into({{"a", arena.narrow(0, 0, 2)}, {"b", arena.slice(0, 2, 8, 2)}},
                                folder / "f", {.strict = false, .backend = backend});
  CHECK(report.unexpected == Names{"c"});
  CHECK(same_bits(arena, at::tensor({1, 1, 0, 0, 1, 0, 2, 0}).to(at::kFloat)));
  CHECK(code_of<Error>([&] { load_into({{"d", arena}}, folder / "f"); }) == ST_E_TENSOR_NOT_FOUND);
  CHECK(contains(message_of([&] {
                   load_into({{"d", arena}}, folder / "f");
                 }),
                 "\" does not match the tensors:\n  missing from the file: \"d\""));
  CHECK(code_of<Error>([&] {
          load_into({{"a", at::Tensor()}}, folder / "f", {.names = {"a"}});
        }) == ST_E_INVALID_ARGUMENT);
}
