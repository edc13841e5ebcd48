// state_dict, load_model from dictionaries and bytes, and the kinds of arguments.
#include <ATen/ops/quantize_per_tensor.h>
#include <torch/nn/modules/linear.h>
#include <torch/script.h>

#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>
#include <map>
#include <unordered_map>

#include "code_of.hpp"
#include "models.h"
#include "scratch_directory.hpp"
#include "tensors.h"

using namespace safetensors;
using Names = std::vector<std::string>;

TEST_CASE("state_dict has every name, in the order of state_dict in Python") {
  const auto model = tied_model();
  const TensorDict state = state_dict(*model);
  CHECK(state.keys() == Names{"steps", "in.weight", "norm.weight", "norm.bias", "norm.running_mean",
                              "norm.running_var", "norm.num_batches_tracked", "out.weight",
                              "out.bias"});
  CHECK(state["in.weight"].const_data_ptr() == (*model)["out.weight"].const_data_ptr());
  CHECK(state["out.weight"].const_data_ptr() == (*model)["out.weight"].const_data_ptr());
  CHECK_FALSE(state["out.bias"].requires_grad());
}

TEST_CASE("a state dict loads into another model") {
  const bool assign = GENERATE(false, true);
  const auto trained = tied_model(100);
  auto model = tied_model();
  const auto report = load_model(model, state_dict(trained), {.assign = assign});
  CHECK(report.unexpected.empty());  // the tied names are the same memory in both
  CHECK(report.missing.empty());
  CHECK(same_bits((*model)["out.weight"], (*trained)["out.weight"]));
  CHECK(same_bits((*model)["out.bias"], (*trained)["out.bias"]));
  const bool is_shared =
      (*model)["out.bias"].const_data_ptr() == (*trained)["out.bias"].const_data_ptr();
  CHECK(is_shared == assign);
  CHECK((*model)["out.bias"].requires_grad());
}

TEST_CASE("a dictionary is converted, renamed, selected and checked as a file is") {
  Layer model;
  model.parameter("w", at::zeros({2, 3})).parameter("s", at::zeros({}));
  const auto w = counting({3, 2}, at::kDouble).t();  // not contiguous
  const auto report = load_model(model, {{"m.w", w}, {"m.s", at::ones({1})}},
                                 {.renames = Renames().strip_prefix("m.")});
  CHECK(report.converted.size() == 1);
  CHECK(same_bits(model["w"], w.to(at::kFloat)));
  CHECK(same_bits(model["s"], at::ones({})));
  CHECK(code_of<ModelMismatchError>([&] {
          load_model(model, {{"w", at::ones({2})}});
        }) == ST_E_SIZE_MISMATCH);
  CHECK(contains(message_of([&] {
                   load_model(model, {{"x", w}});
                 }),
                 "the dictionary does not match the model:\n  missing from the dictionary: \"w\""));
  CHECK(code_of<Error>([&] { load_model(model, {{"w", w}, {"w", w}}); }) == ST_E_DUPLICATE);
  CHECK(code_of<Error>([&] { load_model(model, {{"w", at::Tensor()}}); }) == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("quantized tensors of a dictionary are rejected before anything is changed") {
  Layer model;
  model.parameter("a", at::zeros({2})).parameter("b", at::zeros({2}));
  const auto quantized = at::quantize_per_tensor(at::ones({2}), 0.1, 0, at::kQInt8);
  CHECK(code_of<Error>([&] {
          load_model(model, {{"a", at::ones({2})}, {"b", quantized}});
        }) == ST_E_INVALID_ARGUMENT);
  CHECK(same_bits(model["a"], at::zeros({2})));
}

TEST_CASE("different values under the names of a tied tensor are unexpected") {
  auto model = tied_model();
  auto state = state_dict(model);
  state["out.weight"] = state["out.weight"] + 1;
  CHECK(load_model(model, state, {.strict = false}).unexpected == Names{"in.weight"});
}

TEST_CASE("tensors of a model move within the model") {
  Layer model;
  model.parameter("a", at::ones({3})).parameter("b", at::ones({3}) * 2);
  model.parameter("c", at::ones({3}) * 3);
  const Renames rotate = {{"a", "b"}, {"b", "c"}, {"c", "a"}};
  load_model(model, state_dict(model), {.renames = rotate});
  CHECK(same_bits(model["a"], at::ones({3}) * 3));
  CHECK(same_bits(model["b"], at::ones({3})));
  CHECK(same_bits(model["c"], at::ones({3}) * 2));
}

TEST_CASE("inference tensors are assigned as clones that can be trained") {
  Layer model;
  model.parameter("w", at::zeros({3}));
  at::Tensor w;
  {
    const c10::InferenceMode guard;
    w = counting({3});
  }
  load_model(model, {{"w", w}}, {.assign = true});
  CHECK_FALSE(model["w"].is_inference());
  (model["w"] * model["w"]).sum().backward();
  CHECK(same_bits(model["w"].grad(), counting({3}) * 2));
}

TEST_CASE("an assigned dictionary keeps its lazy conjugates and its strides") {
  Layer model;
  model.buffer("c", at::zeros({2}, at::kComplexFloat));
  const at::Tensor lazy = at::view_as_complex(counting({2, 2})).conj();
  load_model(model, {{"c", lazy}}, {.assign = true});
  CHECK(same_bits(model["c"].resolve_conj(), lazy.resolve_conj()));
}

TEST_CASE("load_model takes the bytes of a file") {
  Layer model;
  model.parameter("w", at::zeros({2, 3}));
  const Buffer buffer = save({{"w", counting({2, 3})}});
  load_model(model, buffer);
  CHECK(same_bits(model["w"], counting({2, 3})));

  const Buffer other = save({{"w", counting({2, 3}) + 1}});
  const std::vector<std::byte> bytes(other.begin(), other.end());
  auto pointer = std::make_shared<Layer>(model);
  load_model(pointer, bytes, {.assign = true});
  CHECK(same_bits((*pointer)["w"], counting({2, 3}) + 1));

  // The bytes do not outlive the call: they are copied although the tensors are only read.
  load_model(model, save({{"w", counting({2, 3}) + 2}}), {.assign = true, .read_only = true});
  CHECK(same_bits(model["w"], counting({2, 3}) + 2));
  model["w"].detach().zero_();
}

TEST_CASE("load takes bytes, and says so if it gets a path") {
  const std::string path = "models/model.safetensors";
  for (const auto& message :
       {message_of([&] { load(path); }), message_of([&] { load(std::string(path)); })}) {
    INFO(message);
    CHECK(contains(message, "for a path call load_file()"));
  }
  CHECK_FALSE(contains(message_of([&] { load(std::string(100, 'x')); }), "load_file()"));
}

TEST_CASE("modules are passed by reference, holder or pointer") {
  const ScratchDirectory folder;
  const torch::nn::Linear trained(2, 3);
  save_model(trained, folder / "f");
  const torch::nn::Linear holder(2, 3);
  load_model(holder, folder / "f");
  CHECK(same_bits(holder->weight, trained->weight));

  const auto pointer = std::make_shared<torch::nn::LinearImpl>(2, 3);
  const std::shared_ptr<torch::nn::Module> base = pointer;
  load_model(base, File::open(folder / "f"));
  CHECK(same_bits(pointer->weight, trained->weight));
  load_model(pointer, {{"weight", at::zeros({3, 2})}, {"bias", at::zeros({3})}});
  CHECK(same_bits(pointer->weight, at::zeros({3, 2})));
  save_model(base, folder / "g");
  CHECK(same_bits(load_file(folder / "g")["weight"], at::zeros({3, 2})));
  CHECK(state_dict(base).keys() == Names{"weight", "bias"});
  CHECK(code_of<Error>([&] {
          load_model(std::shared_ptr<torch::nn::LinearImpl>(), folder / "f");
        }) == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("the items of a TensorDict can be taken apart") {
  TensorDict dict;
  dict.insert("a", at::zeros({1}));
  dict.insert("b", at::zeros({2}));
  Names names;
  for (const auto& [name, tensor] : dict) {
    names.push_back(name);
    CHECK(tensor.dim() == 1);
  }
  CHECK(names == Names{"a", "b"});
  for (auto& [name, tensor] : dict)
    tensor = at::ones({3});
  CHECK(same_bits(dict["b"], at::ones({3})));
  for (auto [name, tensor] : dict)
    CHECK(same_bits(tensor, at::ones({3})));
}

TEST_CASE("any map of strings is metadata") {
  const ScratchDirectory folder;
  const std::map<std::string, std::string> map = {{"format", "pt"}};
  const std::unordered_map<std::string, std::string> unordered(map.begin(), map.end());
  const std::vector<std::pair<std::string, std::string>> pairs(map.begin(), map.end());
  const NamedTensors tensors = {{"w", counting({3})}};
  save_file(tensors, folder / "map", map);
  save_file(tensors, folder / "unordered", unordered);
  save_file(tensors, folder / "pairs", pairs);
  Layer model;
  model.parameter("w", counting({3}));
  save_model(model, folder / "model", {.metadata = map});
  for (const char* name : {"map", "unordered", "pairs", "model"})
    CHECK(File::open(folder / name).metadata("format") == "pt");
}

TEST_CASE("save options: mode, link and alignment") {
  const ScratchDirectory folder;
  const at::Tensor w = counting({3});
  save_file({{"w", w}}, folder / "f", {}, {.mode = 0600, .alignment = 4096});
  struct stat status {};
  REQUIRE(stat((folder / "f").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(File::open(folder / "f").data_offset() % 4096 == 0);
  CHECK(save({{"w", w}}, {}, {.alignment = 4096}).size() == 4096 + 12);

  std::filesystem::create_symlink(folder / "f", folder / "link");
  save_file({{"w", w + 1}}, folder / "link", {}, {.link = Link::Follow});
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(same_bits(load_file(folder / "f")["w"], w + 1));

  Layer model;
  model.parameter("w", w);
  save_model(model, folder / "m", {.mode = 0640, .alignment = 64});
  REQUIRE(stat((folder / "m").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
  CHECK(File::open(folder / "m").data_offset() % 64 == 0);
  save_set({{"w", w}}, folder / "set", {}, {.alignment = 512});
  CHECK(File::open_set(folder / "set").data_offset() % 512 == 0);
}

TEST_CASE("extra tensors are saved beside the model") {
  const ScratchDirectory folder;
  auto model = tied_model(1);
  save_model(model, folder / "f",
             {.renames = Renames().add_prefix("m."), .extra = {{"average", counting({2})}}});
  const auto tensors = load_file(folder / "f");
  CHECK(same_bits(tensors["average"], counting({2})));
  CHECK(tensors.contains("m.out.bias"));
  auto again = tied_model();
  const auto report = load_model(
      again, folder / "f", {.ignore_unexpected = true, .renames = Renames().strip_prefix("m.")});
  CHECK(report.unexpected == Names{"average"});
  CHECK(same_bits((*again)["out.bias"], (*model)["out.bias"]));

  const auto save_with = [&](const NamedTensors& extra) {
    return code_of<Error>([&] { save_model(model, folder / "g", {.extra = extra}); });
  };
  CHECK(save_with({{"w", (*model)["in.weight"]}}) == ST_E_INVALID_ARGUMENT);
  CHECK(save_with({{"out.bias", counting({4})}}) == ST_E_DUPLICATE);
  CHECK_FALSE(std::filesystem::exists(folder / "g"));
}
