#include <ATen/ops/_nested_tensor_from_tensor_list.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <torch/nn/modules/linear.h>
#include <catch2/catch_test_macros.hpp>

#include "code_of.hpp"
#include "models.h"
#include "sample.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;

namespace {

Metadata metadata_of(const std::filesystem::path& path) {
  return File::open(path).metadata();
}

std::vector<std::string> names_in(const std::filesystem::path& path) {
  std::vector<std::string> names;
  const auto file = File::open(path);
  for (const auto& info : file.tensors(Order::Name))
    names.emplace_back(info.name);
  return names;
}

}  // namespace

TEST_CASE("a tensor with two names is saved once, under the first name") {
  const ScratchDirectory folder;
  save_model(*tied_model(), folder / "f");
  CHECK(names_in(folder / "f") == std::vector<std::string>{"in.weight", "norm.bias",
                                                           "norm.num_batches_tracked",
                                                           "norm.running_mean", "norm.running_var",
                                                           "norm.weight", "out.bias", "steps"});
  CHECK(metadata_of(folder / "f") == Metadata{{"out.weight", "in.weight"}});
}

TEST_CASE("the caller's metadata takes precedence over the names of shared tensors") {
  const ScratchDirectory folder;
  save_model(*tied_model(), folder / "f", {.metadata = {{"out.weight", "mine"}, {"k", "v"}}});
  CHECK(metadata_of(folder / "f") == Metadata{{"out.weight", "mine"}, {"k", "v"}});
}

TEST_CASE("renames apply before the name of a shared tensor is chosen") {
  const ScratchDirectory folder;
  save_model(*tied_model(), folder / "f", {.renames = {{"in.weight", "z"}}});
  CHECK(metadata_of(folder / "f") == Metadata{{"z", "out.weight"}});
}

TEST_CASE("force_contiguous decides whether tensors that are not contiguous are saved") {
  const ScratchDirectory folder;
  Layer model;
  model.parameter("w", counting({2, 3}).t());
  save_model(model, folder / "f");
  CHECK(same_bits(load_file(folder / "f")["w"], counting({2, 3}).t()));
  const auto call = [&] { save_model(model, folder / "g", {.force_contiguous = false}); };
  CHECK(code_of<Error>(call) == ST_E_INVALID_ARGUMENT);
  CHECK(contains(message_of(call), "force_contiguous"));
}

TEST_CASE("a view that does not cover its storage is rejected") {
  const ScratchDirectory folder;
  Layer model;
  model.parameter("w", counting({4, 3}).narrow(0, 0, 2));
  const auto call = [&] { save_model(model, folder / "f"); };
  CHECK(code_of<Error>(call) == ST_E_INVALID_ARGUMENT);
  CHECK(contains(message_of(call), R"(["w"])"));
  CHECK(contains(message_of(call), "clone()"));
  CHECK_FALSE(std::filesystem::exists(folder / "f"));
}

TEST_CASE("sparse tensors of a model are rejected") {
  Layer model;
  model.buffer("s", at::eye(2).to_sparse());
  const ScratchDirectory folder;
  CHECK(code_of<Error>([&] { save_model(model, folder / "f"); }) == ST_E_INVALID_ARGUMENT);
  CHECK(contains(message_of([&] { save_model(model, folder / "f"); }), "to_dense()"));
}

TEST_CASE("nested tensors of a model are rejected, tied ones too") {
  Layer model;
  const at::Tensor nested = at::_nested_tensor_from_tensor_list({at::ones({2}), at::ones({3})});
  model.buffer("a", nested).buffer("b", nested);
  const ScratchDirectory folder;
  const auto call = [&] { save_model(model, folder / "f"); };
  CHECK(code_of<Error>(call) == ST_E_INVALID_ARGUMENT);
  CHECK(contains(message_of(call), R"("a" (Float), "b" (Float), nested: )"));
}

TEST_CASE("a module holder is saved") {
  const ScratchDirectory folder;
  torch::nn::Linear layer(3, 4);
  save_model(layer, folder / "f");
  CHECK(same_bits(load_file(folder / "f")["weight"], layer->weight));
}

TEST_CASE("save_model reports progress") {
  const ScratchDirectory folder;
  std::uint64_t last = 0;
  save_model(*tied_model(), folder / "f", {.progress = [&](std::uint64_t done, std::uint64_t) {
    last = done;
    return true;
  }});
  CHECK(last == std::filesystem::file_size(folder / "f"));
}
