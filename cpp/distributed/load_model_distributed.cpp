// Implements load_model_distributed.
#include <safetensors/torch/load_distributed.hpp>

#include <c10/core/GradMode.h>

#include <map>
#include <utility>

#include "distributed/collective_load.h"
#include "distributed/plan_rules.h"
#include "model/load_match.h"
#include "model/module_state.h"
#include "names/quote.h"
#include "tensor/file_source.h"
#include "tensor/overlap.h"
#include "tensor/torch_sizes.h"

namespace safetensors {

namespace {

// The parts that a plan gives this process, as entries that are matched with a model.
class PartSource : public EntrySource {
 public:
  PartSource(const File& file, std::string description, std::vector<PlannedPart> parts)
      : file_(file), description_(std::move(description)), parts_(std::move(parts)) {}

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
  std::vector<std::pair<std::string, std::string>> aliases() const override {
    return FileSource(file_).aliases();
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

// Of the tensors of the model that are the same memory, the last one is loaded.
std::vector<LoadPair> without_same_memory(const LoadMatch& match, const StateDict& state) {
  std::map<const void*, std::size_t> last;  // by address, the position in the state
  const auto address = [&](const LoadPair& pair) -> const void* {
    const at::Tensor& tensor = state[pair.tensor].tensor;
    return tensor.has_storage() && tensor.numel() != 0 ? tensor.const_data_ptr() : nullptr;
  };
  for (const LoadPair& pair : match.pairs) {
    std::size_t& position = last[address(pair)];
    position = std::max(position, pair.tensor);
  }
  std::vector<LoadPair> pairs;
  for (const LoadPair& pair : match.pairs)
    if (!address(pair) || last[address(pair)] == pair.tensor) pairs.push_back(pair);
  return pairs;
}

void check_separate(const std::vector<Destination>& destinations) {
  std::vector<ValueCopy> copies;
  for (const Destination& destination : destinations)
    copies.push_back({{destination.part.name, 0, destination.part.info, destination.dtype, {}},
                      destination.strided.defined() ? destination.strided : destination.tensor});
  const auto overlaps = overlapping(copies);
  for (std::size_t i = 0; i < copies.size(); ++i)
    if (overlaps[i])
      throw Error(ST_E_UNSUPPORTED, "tensor " + quote(copies[i].entry.name) +
                                        " of the model overlaps another one in memory: "
                                        "load_model_distributed loads into separate tensors");
}

void prepare(torch::nn::Module& model, const Plan& plan, const LoadModelDistributedOptions& options,
             const std::string& description, ModelLoad* load) {
  const File& file = *load->local.file;
  const PartSource source(file, description, PlanRules(plan).apply(file, options.renames));
  const ModuleState module = module_state(model);
  const Renames none;
  const std::vector<std::string> all_names;
  const std::string all;
  LoadMatch match = match_module(source, module, {none, all_names, all});
  check_match(source, "the model", match.report,
              {!options.strict, !options.strict || options.ignore_unexpected, false,
               !options.exact_dtype, true});

  for (const LoadPair& pair : without_same_memory(match, module.tensors)) {
    const PlannedPart& part = source.parts()[pair.entry.position];
    at::Tensor tensor = module.tensors[pair.tensor].tensor;
    auto& destinations = load->local.destinations;
    if (!destinations.empty() && destinations.back().part.position == part.position) {
      load->repeated.push_back({std::move(tensor), destinations.size() - 1});
      continue;
    }
    // A tensor of shape [1] is loaded into a scalar.
    if (tensor.dim() == 0 && part.intervals.size() == 1) tensor = tensor.view({1});
    destinations.push_back(make_destination(part, std::move(tensor), c10::kCPU));
  }
  check_separate(load->local.destinations);
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
  const c10::NoGradGuard no_grad;
  for (const Repeated& repeated : load.repeated)
    repeated.tensor.copy_(load.local.destinations[repeated.destination].tensor);
  return std::move(load.report);
}

}  // namespace

LoadReport load_model_distributed(torch::nn::Module& model, const std::filesystem::path& path,
                                  const Plan& plan, const ProcessGroupPtr& group,
                                  const LoadModelDistributedOptions& options) {
  return load(model, plan, group, options, quote(path.native()),
              [&] { return open_for_collective(path, options.backend); });
}

LoadReport load_model_distributed(torch::nn::Module& model, const File& file, const Plan& plan,
                                  const ProcessGroupPtr& group,
                                  const LoadModelDistributedOptions& options) {
  return load(model, plan, group, options, description_of(file), [&] { return file; });
}

}  // namespace safetensors
