// What load_model and load_into report and tolerate, and how they say what does not match.
#include <ATen/ops/zeros.h>

#include <catch2/catch_test_macros.hpp>

#include "code_of.hpp"
#include "models.h"
#include "scratch_directory.hpp"
#include "tensors.h"

using namespace safetensors;
using Names = std::vector<std::string>;

namespace {

TensorDict tensors_with(const Names& names) {
  TensorDict dict;
  for (const auto& name : names)
    dict.insert(name, at::zeros({1}));
  return dict;
}

}  // namespace

TEST_CASE("the report lists what was loaded and converted") {
  const ScratchDirectory folder;
  save_file({{"a", counting({2}, at::kLong)}, {"b", counting({2})}, {"c", counting({2})}},
            folder / "f");
  at::Tensor a = at::zeros({2}), b = at::zeros({2}), c = at::zeros({3});
  const auto report = load_into({{"b", b}, {"a", a}, {"c", c}, {"d", c}}, folder / "f",
                                {.strict = false, .ignore_mismatched = true});
  CHECK(report.loaded == Names{"a", "b"});
  REQUIRE(report.converted.size() == 1);
  CHECK(report.converted[0].name == "a");
  CHECK(report.converted[0].from == at::kLong);
  CHECK(report.converted[0].to == at::kFloat);
  CHECK(report.missing == Names{"d"});
  CHECK(report.mismatched.size() == 1);
}

TEST_CASE("exact_dtype rejects conversions before anything is changed") {
  const ScratchDirectory folder;
  save_file({{"a", counting({2}, at::kDouble)}, {"b", counting({2})}}, folder / "f");
  Layer model;
  model.parameter("a", at::zeros({2})).parameter("b", at::zeros({2}));
  const auto text = message_of([&] { load_model(model, folder / "f", {.exact_dtype = true}); });
  CHECK(contains(text, "\"a\" from Double to Float"));
  CHECK(code_of<Error>([&] { load_model(model, folder / "f", {.exact_dtype = true}); }) ==
        ST_E_DTYPE);
  CHECK(same_bits(model["b"], at::zeros({2})));
  load_model(model, folder / "f", {.exact_dtype = true, .pattern = "b"});
  CHECK(same_bits(model["b"], counting({2})));
}

TEST_CASE("ignore_unexpected needs every name of the model, and ignores the others of the file") {
  const ScratchDirectory folder;
  save_file({{"a", counting({2})}, {"extra", counting({2})}}, folder / "f");
  at::Tensor a = at::zeros({2});
  CHECK(load_into({{"a", a}}, folder / "f", {.ignore_unexpected = true}).unexpected ==
        Names{"extra"});
  CHECK(same_bits(a, counting({2})));
  CHECK(code_of<Error>([&] {
          load_into({{"a", a}, {"b", a}}, folder / "f", {.ignore_unexpected = true});
        }) == ST_E_TENSOR_NOT_FOUND);
}

TEST_CASE("the message lists only what is not tolerated") {
  const ScratchDirectory folder;
  save_file({{"a", counting({2})}, {"extra", counting({2})}}, folder / "f");
  at::Tensor a = at::zeros({3}), b = at::zeros({1});
  const auto text = message_of([&] {
    load_into({{"a", a}, {"b", b}}, folder / "f",
              {.ignore_unexpected = true, .ignore_mismatched = true});
  });
  CHECK(contains(text, "missing from the file: \"b\""));
  CHECK_FALSE(contains(text, "extra"));
  CHECK_FALSE(contains(text, "shape"));
}

TEST_CASE("the message names the prefix that is the whole difference") {
  const ScratchDirectory folder;
  save_file(tensors_with({"module.a", "module.b.c"}), folder / "more");
  save_file(tensors_with({"a", "b.c"}), folder / "less");
  save_file(tensors_with({"module.a", "other.b.c"}), folder / "mixed");
  CHECK(contains(message_of([&] {
                   load_into(tensors_with({"a", "b.c"}), folder / "more");
                 }),
                 "strip_prefix(\"module.\")"));
  CHECK(contains(message_of([&] {
                   load_into(tensors_with({"module.a", "module.b.c"}), folder / "less");
                 }),
                 "add_prefix(\"module.\")"));
  CHECK_FALSE(contains(message_of([&] {
                         load_into(tensors_with({"a", "b.c"}), folder / "mixed");
                       }),
                       "prefix"));
}

TEST_CASE("messages about many tensors stay short") {
  const ScratchDirectory folder;
  Names names;
  for (int i = 0; i < 20'000; ++i)
    names.push_back("layers." + std::to_string(i) + ".weight");
  save_file(tensors_with({"x"}), folder / "f");
  try {
    load_into(tensors_with(names), folder / "f");
    FAIL("no exception");
  } catch (const ModelMismatchError& error) {
    CHECK(std::string(error.what()).size() < 2'000);
    CHECK(contains(error.what(), "\"layers.0.weight\""));
    CHECK(contains(error.what(), "19980 more"));
    CHECK(error.report().missing.size() == 20'000);
  }
}

TEST_CASE("a pattern without a match is an error") {
  const ScratchDirectory folder;
  save_file(tensors_with({"encoder.a", "encoder.b"}), folder / "f");
  CHECK(code_of<Error>([&] { load_file(folder / "f", {.pattern = "decoder"}); }) ==
        ST_E_TENSOR_NOT_FOUND);
  // The pattern of a name in the file, which the renames change first.
  CHECK(code_of<Error>([&] {
          load_file(folder / "f",
                    {.renames = Renames().strip_prefix("encoder."), .pattern = "^encoder"});
        }) == ST_E_TENSOR_NOT_FOUND);
  save_file(TensorDict(), folder / "empty");
  CHECK(load_file(folder / "empty", {.pattern = "a"}).is_empty());
}

TEST_CASE("load_into rejects a repeated name") {
  const ScratchDirectory folder;
  save_file({{"a", counting({2})}}, folder / "f");
  at::Tensor first = at::zeros({2}), second = at::zeros({2});
  CHECK(code_of<Error>([&] {
          load_into({{"a", first}, {"a", second}}, folder / "f");
        }) == ST_E_DUPLICATE);
}

TEST_CASE("assign in inference mode is rejected for a model of outside") {
  const ScratchDirectory folder;
  save_file({{"w", counting({2})}}, folder / "f");
  Layer model;
  model.parameter("w", at::zeros({2}));
  {
    const c10::InferenceMode inference;
    CHECK(code_of<Error>([&] { load_model(model, folder / "f", {.assign = true}); }) ==
          ST_E_INVALID_ARGUMENT);
    load_model(model, folder / "f");
  }
  CHECK(same_bits(model["w"], counting({2})));
  CHECK_FALSE(model["w"].is_inference());
}
