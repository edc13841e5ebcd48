// Training that is saved and resumed continues with the same bits.
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim.h>
#include <torch/script.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "code_of.hpp"
#include "scratch_directory.hpp"
#include "tensors.h"

using namespace safetensors;
namespace optim = torch::optim;

namespace {

torch::nn::Sequential new_model(std::uint64_t seed) {
  torch::manual_seed(seed);
  return torch::nn::Sequential(torch::nn::Linear(4, 8), torch::nn::Linear(8, 2));
}

void train(torch::nn::Sequential& model, optim::Optimizer& optimizer, int first, int count) {
  for (int step = first; step < first + count; ++step) {
    torch::manual_seed(static_cast<std::uint64_t>(step));
    const auto x = torch::randn({5, 4}), y = torch::randn({5, 2});
    optimizer.zero_grad();
    torch::nn::functional::mse_loss(model->forward(x), y).backward();
    optimizer.step();
  }
}

bool are_equal(const torch::nn::Sequential& a, const torch::nn::Sequential& b) {
  const auto left = state_dict(a), right = state_dict(b);
  return std::equal(left.begin(), left.end(), right.begin(), [](const auto& x, const auto& y) {
    return x.key() == y.key() && same_bits(x.value(), y.value());
  });
}

// One of each kind, with some options or with others.
std::vector<std::unique_ptr<optim::Optimizer>> optimizers(torch::nn::Sequential& model,
                                                          bool other_options) {
  const double lr = other_options ? 0.5 : 0.1 / 3;
  const auto parameters = model->parameters();
  std::vector<std::unique_ptr<optim::Optimizer>> all;
  const bool on = !other_options;
  all.push_back(std::make_unique<optim::Adam>(
      parameters, optim::AdamOptions(lr).betas({on ? 0.8 : 0.9, 0.99}).eps(on ? 1e-6 : 1e-8)));
  all.push_back(std::make_unique<optim::Adam>(
      parameters, optim::AdamOptions(lr).amsgrad(on).weight_decay(on ? 0.01 : 0)));
  all.push_back(std::make_unique<optim::AdamW>(parameters, optim::AdamWOptions(lr).amsgrad(on)));
  all.push_back(std::make_unique<optim::SGD>(parameters, optim::SGDOptions(lr)));
  all.push_back(std::make_unique<optim::SGD>(
      parameters, optim::SGDOptions(lr).momentum(on ? 0.9 : 0.1).nesterov(true)));
  all.push_back(std::make_unique<optim::RMSprop>(
      parameters, optim::RMSpropOptions(lr).momentum(on ? 0.5 : 0).centered(on)));
  all.push_back(std::make_unique<optim::Adagrad>(parameters, optim::AdagradOptions(lr)));
  return all;
}
constexpr std::size_t optimizer_count = 7;

}  // namespace

TEST_CASE("training resumes with the same bits from one file") {
  const ScratchDirectory folder;
  const std::size_t kind = GENERATE(Catch::Generators::range(std::size_t{0}, optimizer_count));
  auto model = new_model(1);
  const auto optimizer = std::move(optimizers(model, false)[kind]);
  train(model, *optimizer, 0, 3);
  save_model(model, folder / "checkpoint",
             {.extra = optimizer_state(*optimizer, model->named_parameters())});
  train(model, *optimizer, 3, 3);

  auto resumed = new_model(2);
  const auto other = std::move(optimizers(resumed, true)[kind]);
  train(resumed, *other, 100, GENERATE(0, 2));  // its own state is replaced
  const auto file = File::open(folder / "checkpoint");
  load_model(resumed, file, {.ignore_unexpected = true});
  load_optimizer(*other, resumed->named_parameters(), file);
  train(resumed, *other, 3, 3);
  CHECK(are_equal(model, resumed));
}

TEST_CASE("a tied parameter has one state") {
  struct Tied : torch::nn::Module {
    Tied() {
      a = register_module("a", torch::nn::Linear(3, 3));
      register_parameter("b", a->weight);
    }
    torch::nn::Linear a = nullptr;
  };
  Tied model, again;
  optim::Adam optimizer(model.parameters()), other(again.parameters(), optim::AdamOptions(1));
  model.a->forward(at::ones({2, 3})).sum().backward();
  optimizer.step();
  const auto state = optimizer_state(optimizer, model.named_parameters());
  CHECK(state.contains("optimizer.state.b.exp_avg") !=
        state.contains("optimizer.state.a.weight.exp_avg"));
  load_optimizer(other, again.named_parameters(), state);
  CHECK(other.state().size() == optimizer.state().size());
  CHECK(other.param_groups()[0].options().get_lr() ==
        optimizer.param_groups()[0].options().get_lr());
}

TEST_CASE("the names of the state, and the options as tensors") {
  auto model = new_model(1);
  optim::Adam optimizer(model->parameters(), optim::AdamOptions(0.1));
  const auto before = optimizer_state(optimizer, model->named_parameters(), "o/");
  CHECK(before.size() == 4 * 5);  // no state yet
  train(model, optimizer, 0, 2);
  const auto state = optimizer_state(optimizer, model->named_parameters(), "o/");
  CHECK(state.size() == 4 * (5 + 3));
  CHECK(state["o/state.0.weight.exp_avg"].sizes() == at::IntArrayRef({8, 4}));
  CHECK(same_bits(state["o/state.1.bias.step"], at::scalar_tensor(2, at::kLong)));
  CHECK(same_bits(state["o/param_groups.1.bias.lr"], at::scalar_tensor(0.1, at::kDouble)));
  CHECK(same_bits(state["o/param_groups.1.bias.betas"], at::tensor({0.9, 0.999}, at::kDouble)));
  CHECK(same_bits(state["o/param_groups.1.bias.amsgrad"], at::scalar_tensor(false, at::kBool)));
}

TEST_CASE("state that was saved before the first step replaces later state") {
  auto model = new_model(1), again = new_model(1);
  optim::Adam optimizer(model->parameters()), other(again->parameters());
  const auto state = optimizer_state(optimizer, model->named_parameters());
  train(again, other, 50, 2);
  load_model(again, state_dict(model));
  load_optimizer(other, again->named_parameters(), state);
  CHECK(other.state().empty());
  train(model, optimizer, 0, 2);
  train(again, other, 0, 2);
  CHECK(are_equal(model, again));
}

TEST_CASE("groups have options of their own, and may be divided differently") {
  auto model = new_model(1), again = new_model(1);
  const auto named = model->parameters();
  std::vector<optim::OptimizerParamGroup> groups;
  groups.emplace_back(std::vector<at::Tensor>{named[0], named[1]},
                      std::make_unique<optim::SGDOptions>(0.25));
  groups.emplace_back(std::vector<at::Tensor>{named[2], named[3]},
                      std::make_unique<optim::SGDOptions>(0.125));
  optim::SGD optimizer(groups, optim::SGDOptions(1));
  const auto state = optimizer_state(optimizer, model->named_parameters());

  const auto others = again->parameters();
  std::vector<optim::OptimizerParamGroup> reversed;
  reversed.emplace_back(std::vector<at::Tensor>{others[3], others[2]});
  reversed.emplace_back(std::vector<at::Tensor>{others[1], others[0]});
  optim::SGD other(reversed, optim::SGDOptions(1));
  load_optimizer(other, again->named_parameters(), state);
  CHECK(other.param_groups()[0].options().get_lr() == 0.125);
  CHECK(other.param_groups()[1].options().get_lr() == 0.25);

  optim::SGD one(again->parameters(), optim::SGDOptions(1));
  CHECK(contains(message_of([&] { load_optimizer(one, again->named_parameters(), state); }),
                 "different options"));
  CHECK(one.param_groups()[0].options().get_lr() == 1);
}

TEST_CASE("state that does not fit is rejected, and nothing changes") {
  auto model = new_model(1);
  optim::Adam adam(model->parameters(), optim::AdamOptions(0.5));
  train(model, adam, 0, 1);
  const auto names = model->named_parameters();
  const auto state = optimizer_state(adam, names);
  optim::Adam other(model->parameters(), optim::AdamOptions(0.125));

  const auto changed = [&](const std::string& name, const at::Tensor& tensor) {
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [key, value] : state)
      tensors.emplace(key, value);
    tensor.defined() ? void(tensors[name] = tensor) : void(tensors.erase(name));
    return tensors;
  };
  const std::string average = "optimizer.state.0.weight.exp_avg";
  CHECK(code_of<ModelMismatchError>([&] {
          load_optimizer(other, names, changed(average, at::zeros({4, 8})));
        }) == ST_E_SIZE_MISMATCH);
  CHECK(code_of<ModelMismatchError>([&] { load_optimizer(other, names, changed(average, {})); }) ==
        ST_E_TENSOR_NOT_FOUND);
  CHECK(code_of<ModelMismatchError>([&] {
          load_optimizer(other, names, changed("optimizer.state.2.weight.exp_avg", at::ones({1})));
        }) == ST_E_INVALID_ARGUMENT);
  std::map<std::string, at::Tensor> amsgrad = changed(average, state[average]);
  for (const auto& [name, parameter] : names)
    amsgrad["optimizer.param_groups." + name + ".amsgrad"] = at::scalar_tensor(true, at::kBool);
  CHECK(contains(message_of([&] { load_optimizer(other, names, amsgrad); }), "max_exp_avg_sq"));
  optim::SGD sgd(model->parameters(), optim::SGDOptions(1));
  CHECK(code_of<ModelMismatchError>([&] { load_optimizer(sgd, names, state); }) ==
        ST_E_TENSOR_NOT_FOUND);
  CHECK(code_of<Error>([&] { load_optimizer(other, names, state, "absent."); }) ==
        ST_E_TENSOR_NOT_FOUND);
  CHECK(other.state().empty());
  CHECK(other.param_groups()[0].options().get_lr() == 0.125);
}

TEST_CASE("parameters that are not named, and other optimizers, are rejected") {
  auto model = new_model(1), stranger = new_model(1);
  optim::Adam adam(model->parameters());
  CHECK(code_of<Error>([&] { optimizer_state(adam, stranger->named_parameters()); }) ==
        ST_E_INVALID_ARGUMENT);
  optim::LBFGS lbfgs(model->parameters());
  CHECK(code_of<Error>([&] { optimizer_state(lbfgs, model->named_parameters()); }) ==
        ST_E_UNSUPPORTED);
  CHECK(code_of<Error>([&] {
          load_optimizer(lbfgs, model->named_parameters(), {{"optimizer.x", at::zeros({1})}});
        }) == ST_E_UNSUPPORTED);
}

TEST_CASE("the parameters of a TorchScript module are named too") {
  torch::jit::Module script("script");
  script.register_parameter("w", at::ones({2}), false);
  std::vector<at::Tensor> parameters;
  for (const auto& parameter : script.parameters())
    parameters.push_back(parameter.requires_grad_());
  optim::SGD optimizer(parameters, optim::SGDOptions(0.5).momentum(0.5));
  parameters[0].sum().backward();
  optimizer.step();
  const auto state = optimizer_state(optimizer, script.named_parameters());
  CHECK(same_bits(state["optimizer.state.w.momentum_buffer"], at::ones({2})));
  optim::SGD other(parameters, optim::SGDOptions(1));
  load_optimizer(other, script.named_parameters(), state);
  CHECK(other.param_groups()[0].options().get_lr() == 0.5);
}
