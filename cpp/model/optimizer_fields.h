// The options and the state of LibTorch's optimizers, field by field.
#pragma once

#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>

#include <safetensors/safetensors.hpp>

namespace safetensors {

// Each has the types of an optimizer, and calls `visit` with the name and a reference of each
// field: of the options, and of the state of a parameter. The last argument of a tensor says
// whether these options need it. `has_initial_state`: the state exists before the first step.

template <class AnyOptimizer, class AnyOptions, class AnyState>
struct AdamFields {
  using Optimizer = AnyOptimizer;
  using Options = AnyOptions;
  using State = AnyState;
  static constexpr bool has_initial_state = false;

  template <class Fields, class Visit>
  static void visit_options(Fields& options, Visit&& visit) {
    visit("lr", options.lr());
    visit("betas", options.betas());
    visit("eps", options.eps());
    visit("weight_decay", options.weight_decay());
    visit("amsgrad", options.amsgrad());
  }
  template <class Fields, class Visit>
  static void visit_state(const Options& options, Fields& state, Visit&& visit) {
    visit("step", state.step());
    visit("exp_avg", state.exp_avg(), true);
    visit("exp_avg_sq", state.exp_avg_sq(), true);
    visit("max_exp_avg_sq", state.max_exp_avg_sq(), options.amsgrad());
  }
};

struct SgdFields {
  using Optimizer = torch::optim::SGD;
  using Options = torch::optim::SGDOptions;
  using State = torch::optim::SGDParamState;
  static constexpr bool has_initial_state = false;

  template <class Fields, class Visit>
  static void visit_options(Fields& options, Visit&& visit) {
    visit("lr", options.lr());
    visit("momentum", options.momentum());
    visit("dampening", options.dampening());
    visit("weight_decay", options.weight_decay());
    visit("nesterov", options.nesterov());
  }
  template <class Fields, class Visit>
  static void visit_state(const Options&, Fields& state, Visit&& visit) {
    visit("momentum_buffer", state.momentum_buffer(), true);
  }
};

struct RmsPropFields {
  using Optimizer = torch::optim::RMSprop;
  using Options = torch::optim::RMSpropOptions;
  using State = torch::optim::RMSpropParamState;
  static constexpr bool has_initial_state = false;

  template <class Fields, class Visit>
  static void visit_options(Fields& options, Visit&& visit) {
    visit("lr", options.lr());
    visit("alpha", options.alpha());
    visit("eps", options.eps());
    visit("weight_decay", options.weight_decay());
    visit("momentum", options.momentum());
    visit("centered", options.centered());
  }
  template <class Fields, class Visit>
  static void visit_state(const Options& options, Fields& state, Visit&& visit) {
    visit("step", state.step());
    visit("square_avg", state.square_avg(), true);
    visit("momentum_buffer", state.momentum_buffer(), options.momentum() > 0);
    visit("grad_avg", state.grad_avg(), options.centered());
  }
};

struct AdagradFields {
  using Optimizer = torch::optim::Adagrad;
  using Options = torch::optim::AdagradOptions;
  using State = torch::optim::AdagradParamState;
  static constexpr bool has_initial_state = true;

  template <class Fields, class Visit>
  static void visit_options(Fields& options, Visit&& visit) {
    visit("lr", options.lr());
    visit("lr_decay", options.lr_decay());
    visit("weight_decay", options.weight_decay());
    visit("initial_accumulator_value", options.initial_accumulator_value());
    visit("eps", options.eps());
  }
  template <class Fields, class Visit>
  static void visit_state(const Options&, Fields& state, Visit&& visit) {
    visit("step", state.step());
    visit("sum", state.sum(), true);
  }
};

// Calls `use` with the fields of the optimizer's type. Throws Error ST_E_UNSUPPORTED for others.
template <class Use>
void with_fields_of(const torch::optim::Optimizer& optimizer, Use&& use) {
  namespace optim = torch::optim;
  const auto try_use = [&](auto fields) {
    const bool is_type =
        dynamic_cast<const typename decltype(fields)::Optimizer*>(&optimizer) != nullptr;
    if (is_type) use(fields);
    return is_type;
  };
  const bool is_known =
      try_use(AdamFields<optim::Adam, optim::AdamOptions, optim::AdamParamState>()) ||
      try_use(AdamFields<optim::AdamW, optim::AdamWOptions, optim::AdamWParamState>()) ||
      try_use(SgdFields()) || try_use(RmsPropFields()) || try_use(AdagradFields());
  if (!is_known)
    throw Error(ST_E_UNSUPPORTED,
                "the optimizer is neither an Adam, AdamW, SGD, RMSprop nor Adagrad: save its "
                "state with its own save()");
}

}  // namespace safetensors
