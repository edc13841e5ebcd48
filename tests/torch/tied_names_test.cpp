// Which of several names of one tensor is loaded, and what is reported.
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "code_of.hpp"
#include "models.h"
#include "scratch_directory.hpp"
#include "tensors.h"

using namespace safetensors;
using Names = std::vector<std::string>;

namespace {

// "embed" and "head", the same tensor, or two.
Layer embedding_model(bool is_tied, c10::Device device = c10::kCPU) {
  const at::Tensor embed = at::zeros({2, 3}, device);
  Layer model;
  model.parameter("embed", embed);
  model.parameter("head", is_tied ? embed : at::zeros({2, 3}, device));
  return model;
}

}  // namespace

TEST_CASE("a file with both names of a tied tensor: the last of the model is loaded") {
  const ScratchDirectory folder;
  const bool assign = GENERATE(false, true);
  const bool is_meta = assign && GENERATE(false, true);
  save_file({{"embed", at::ones({2, 3})}, {"head", at::ones({2, 3}) * 2}}, folder / "f");
  auto model = embedding_model(true, is_meta ? at::kMeta : at::kCPU);
  const auto report = load_model(model, folder / "f", {.strict = false, .assign = assign});
  CHECK(report.loaded == Names{"head"});
  CHECK(report.unexpected == Names{"embed"});
  CHECK(report.missing.empty());
  CHECK(same_bits(model["embed"], at::ones({2, 3}) * 2));
  CHECK(same_bits(model["head"], at::ones({2, 3}) * 2));
  CHECK(code_of<ModelMismatchError>([&] { load_model(model, folder / "f"); }) ==
        ST_E_INVALID_ARGUMENT);
}

TEST_CASE("any name of a tied tensor selects the name that the file has") {
  const ScratchDirectory folder;
  const bool assign = GENERATE(false, true);
  const bool by_pattern = GENERATE(false, true);
  save_model(embedding_model(true), folder / "f");  // as "embed"
  auto model = embedding_model(true);
  save_file({{"embed", at::ones({2, 3})}, {"other", at::ones({1})}}, folder / "f");
  const auto report =
      load_model(model, folder / "f",
                 by_pattern ? LoadModelOptions{.assign = assign, .pattern = "^head$"}
                            : LoadModelOptions{.assign = assign, .names = {"head"}});
  CHECK(report.loaded == Names{"embed"});
  CHECK(report.missing.empty());
  CHECK(report.unexpected.empty());
  CHECK(same_bits(model["head"], at::ones({2, 3})));
}

TEST_CASE("a selected name that the file has is used before another name") {
  const ScratchDirectory folder;
  save_file({{"embed", at::ones({2, 3})}, {"head", at::ones({2, 3}) * 2}}, folder / "f");
  auto model = embedding_model(true);
  const auto report = load_model(model, folder / "f", {.names = {"head"}});
  CHECK(report.loaded == Names{"head"});
  CHECK(report.unexpected.empty());
  CHECK(same_bits(model["embed"], at::ones({2, 3}) * 2));
}

TEST_CASE("a name that neither the file nor its metadata has is missing") {
  const ScratchDirectory folder;
  save_file({{"other", at::ones({2, 3})}}, folder / "f");
  auto model = embedding_model(true);
  CHECK(code_of<Error>([&] { load_model(model, folder / "f", {.names = {"head"}}); }) ==
        ST_E_TENSOR_NOT_FOUND);
  CHECK(load_model(model, folder / "f", {.strict = false}).missing == Names{"embed"});
  CHECK(load_model(model, folder / "f", {.strict = false, .pattern = "e"}).missing ==
        Names{"embed"});
}

TEST_CASE("a model that is not tied gets both tensors from a tied file") {
  const ScratchDirectory folder;
  const bool assign = GENERATE(false, true);
  const Backend backend = GENERATE(Backend::Mmap, Backend::Pread);
  auto tied = embedding_model(true);
  tied["embed"].detach().fill_(3);
  save_model(tied, folder / "f");
  auto model = embedding_model(false);
  const auto report = load_model(model, folder / "f", {.backend = backend, .assign = assign});
  CHECK(report.missing.empty());
  CHECK(report.loaded == Names{"embed", "head"});
  CHECK(same_bits(model["embed"], at::ones({2, 3}) * 3));
  CHECK(same_bits(model["head"], at::ones({2, 3}) * 3));
  model["head"].detach().fill_(4);  // the tensors stay separate
  CHECK(same_bits(model["embed"], at::ones({2, 3}) * 3));
}

TEST_CASE("names in the metadata are renamed, and can be selected") {
  const ScratchDirectory folder;
  auto tied = embedding_model(true);
  tied["embed"].detach().fill_(3);
  save_model(tied, folder / "f", {.renames = Renames().add_prefix("m.")});
  auto model = embedding_model(false);
  const auto renames = Renames().strip_prefix("m.");
  CHECK(load_model(model, folder / "f", {.renames = renames, .names = {"head"}}).loaded ==
        Names{"head"});
  CHECK(same_bits(model["head"], at::ones({2, 3}) * 3));
  CHECK(same_bits(model["embed"], at::zeros({2, 3})));
}

TEST_CASE("metadata of another meaning does not name a tensor") {
  const ScratchDirectory folder;
  save_file({{"embed", at::ones({2, 3})}}, folder / "f", {{"head", "absent"}, {"format", "embed"}});
  auto model = embedding_model(false);
  CHECK(load_model(model, folder / "f", {.strict = false}).missing == Names{"head"});
}

TEST_CASE("an alias of another shape is missing") {
  const ScratchDirectory folder;
  save_file({{"embed", at::ones({2, 3})}}, folder / "f", {{"head", "embed"}});
  Layer model;
  model.parameter("embed", at::zeros({2, 3})).parameter("head", at::zeros({6}));
  const auto report = load_model(model, folder / "f", {.strict = false});
  CHECK(report.missing == Names{"head"});
  CHECK(report.mismatched.empty());
}

TEST_CASE("a tensor that is loaded under another name is not unexpected") {
  const ScratchDirectory folder;
  save_file({{"embed", at::ones({2, 3})}}, folder / "f", {{"head", "embed"}});
  Layer model;
  model.parameter("head", at::zeros({2, 3}));
  const auto report = load_model(model, folder / "f");
  CHECK(report.loaded == Names{"head"});
  CHECK(report.unexpected.empty());
}

TEST_CASE("the whole tensor is used if the file lacks a selected view of it") {
  const ScratchDirectory folder;
  const at::Tensor whole = at::zeros({4, 3});
  Layer model;
  model.buffer("whole", whole).buffer("first", whole[0]).buffer("second", whole[1]);
  save_file({{"whole", counting({4, 3})}, {"first", at::zeros({3})}}, folder / "f");
  load_model(model, folder / "f", {.strict = false, .names = {"first", "second"}});
  CHECK(same_bits(model["second"], counting({4, 3})[1]));
}

TEST_CASE("an unused name of another shape is a mismatch") {
  const ScratchDirectory folder;
  save_file({{"embed", at::ones({3})}, {"head", at::ones({2, 3})}}, folder / "f");
  auto model = embedding_model(true);
  CHECK(code_of<ModelMismatchError>([&] { load_model(model, folder / "f", {.strict = false}); }) ==
        ST_E_SIZE_MISMATCH);
}
