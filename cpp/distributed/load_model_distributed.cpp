// Implements load_model_distributed.
#include <safetensors/torch/load_distributed.hpp>

#include <c10/core/GradMode.h>

#include <algorithm>
#include <map>
#include <utility>

#include "distributed/collective_load.h"
#include "distributed/plan_rules.h"
#include "model/load_match.h"
#include "model/module_state.h"
#include "names/quote.h"
#include "tensor/file_source.h"
#include "tensor/torch_sizes.h"

namespace safetensors {

namespace {

// The parts that a plan gives this process, as entries that are matched with a model.
class PartSource : public EntrySource {
 public:
  PartSource(const File& file, std::string description, const Renames& renames,
             std::vector<PlannedPart> parts)
      : file_(file),
        description_(std::move(description)),
        renames_(renames),
        parts_(std::move(parts)) {}

  const std::vector<PlannedPart>& parts() const noexcept { return parts_; }

  std::string description() const override { return description_; }
  std::string noun() const override { return "file"; }
  std::vector<std::string_view> names() const override {
    std::vector<std::string_view> names;
    for (const PlannedPart& part : parts_)
      names.push_back(part.name);
    return names;
  }
  bool is_same(std::size_t a, std::size_t b) const override { return a == b; }
  // The names of the others are those after the renames.
  std::vector<std::pair<std::string, std::string>> aliases() const override {
    return renamed_aliases(FileSource(file_), renames_);
  }
  FileEntry entry(std::size_t position, std::string name) const override {
    const PlannedPart& part = parts_[position];
    const c10::ScalarType dtype = torch_dtype(part.info);
    FileEntry entry{std::move(name), position, part.info, dtype, sizes_of(part, dtype)};
    entry.info.nbytes = slice_of(part.info, part.intervals).nbytes();
    return entry;
  }

 private:
  const File& file_;
  std::string description_;
  const Renames& renames_;
  std::vector<PlannedPart> parts_;
};

// A tensor of the model that has the values of another one, which is loaded.
struct Repeated {
  at::Tensor tensor;
  std::size_t destination;
};

struct ModelLoad {
  LocalLoad local;
  std::vector<Repeated> repeated;
  LoadReport report;
};

// Of the tensors of the model that are equal, in memory and form, the last one is loaded.
std::vector<LoadPair> without_equal_tensors(const LoadMatch& match, const StateDict& state) {
  std::map<const void*, std::vector<std::size_t>> by_address;  // positions in the state
  const auto address = [&](std::size_t position) -> const void* {
    const at::Tensor& tensor = state[position].tensor;
    return tensor.has_storage() && tensor.numel() != 0 ? tensor.const_data_ptr() : nullptr;
  };
  for (const LoadPair& pair : match.pairs)
    if (const void* first = address(pair.tensor)) by_address[first].push_back(pair.tensor);
  std::vector<LoadPair> pairs;
  for (const LoadPair& pair : match.pairs) {
    const auto& others = by_address[address(pair.tensor)];
    const bool is_replaced = std::any_of(others.begin(), others.end(), [&](std::size_t other) {
      return other > pair.tensor && is_equal(state[other].tensor, state[pair.tensor].tensor);
    });
    if (!is_replaced) pairs.push_back(pair);
  }
  return pairs;
}

void prepare(torch::nn::Module& model, const Plan& plan, const LoadModelDistributedOptions& options,
             const std::string& description, ModelLoad* load) {
  const File& file = *load->local.file;
  const PartSource source(file, description, options.renames,
                          PlanRules(plan).apply(file, options.renames));
  const ModuleState module = module_state(model);
  const Renames none;
  const std::vector<std::string> all_names;
  const std::string all;
  LoadMatch match = match_module(source, module, {none, all_names, all});
  check_match(source, "the model", match.report,
              {!options.strict, !options.strict || options.ignore_unexpected, false,
               !options.exact_dtype, true});

  for (const LoadPair& pair : without_equal_tensors(match, module.tensors)) {
    const PlannedPart& part = source.parts()[pair.entry.position];
    at::Tensor tensor = module.tensors[pair.tensor].tensor;
    // A tensor of shape [1] is loaded into a scalar.
    if (tensor.dim() == 0 && part.intervals.size() == 1) tensor = tensor.view({1});
    Destination destination = make_destination(part, tensor, c10::kCPU);
    auto& destinations = load->local.destinations;
    if (!destinations.empty() && destinations.back().part.position == part.position)
      load->repeated.push_back({std::move(tensor), destinations.size() - 1});
    else
      destinations.push_back(std::move(destination));
  }
  check_separate(load->local.destinations);
  load->local.finish = [load] {
    const c10::NoGradGuard no_grad;
    for (const Repeated& repeated : load->repeated)
      repeated.tensor.copy_(load->local.destinations[repeated.destination].tensor);
  };
  load->report = std::move(match.report);
}

LoadReport load(torch::nn::Module& model, const Plan& plan, const ProcessGroupPtr& group,
                const LoadModelDistributedOptions& options, const std::string& description,
                const std::function<File()>& open) {
  ModelLoad load;
  collective_load(group, options.timeout, description, collective_options_of(options), &load.local,
                  [&] {
                    load.local.file = open();
                    prepare(model, plan, options, description, &load);
                  });
  return std::move(load.report);
}

}  // namespace

LoadReport load_model_distributed(torch::nn::Module& model, const std::filesystem::path& path,
                                  const Plan& plan, const ProcessGroupPtr& group,
                                  const LoadModelDistributedOptions& options) {
  return load(model, plan, group, options, quote(path.native()),
              [&] { return open_source(path, options.backend, /*read_only=*/false); });
}

LoadReport load_model_distributed(torch::nn::Module& model, const File& file, const Plan& plan,
                                  const ProcessGroupPtr& group,
                                  const LoadModelDistributedOptions& options) {
  return load(model, plan, group, options, describe(file), [&] { return file; });
}

}  // namespace safetensors
