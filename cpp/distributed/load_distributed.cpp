// Implements load_distributed.
#include <safetensors/torch/load_distributed.hpp>

#include <utility>

#include "distributed/collective_load.h"
#include "distributed/plan_rules.h"
#include "names/quote.h"
#include "tensor/file_source.h"
#include "tensor/file_tensors.h"

namespace safetensors {

namespace {

TensorDict load(const Plan& plan, const ProcessGroupPtr& group,
                const LoadDistributedOptions& options, const std::string& description,
                const std::function<File()>& open, bool is_own_file) {
  LocalLoad local;
  collective_load(group, options.timeout, description, collective_options_of(options), &local, [&] {
    local.file = open();
    check_available(options.device);
    const bool maps = is_own_file && local.file->is_mapped() &&
                      options.mode != ReadMode::ReadOnce && c10::Device(options.device).is_cpu();
    const PlanRules rules(plan);
    for (PlannedPart& part : rules.apply(*local.file, options.renames)) {
      at::Tensor destination = rules.destination(part.name);
      local.destinations.push_back(make_destination(std::move(part), std::move(destination),
                                                    options.device, maps ? &*local.file : nullptr));
    }
  });
  TensorDict dict;
  dict.reserve(local.destinations.size());
  for (Destination& destination : local.destinations)
    dict.insert(std::move(destination.part.name), destination.result());
  return dict;
}

}  // namespace

TensorDict load_distributed(const std::filesystem::path& path, const Plan& plan,
                            const ProcessGroupPtr& group, const LoadDistributedOptions& options) {
  return load(
      plan, group, options, quote(path.native()),
      [&] { return open_source(path, options.backend, /*read_only=*/false); },
      /*is_own_file=*/true);
}

TensorDict load_distributed(const File& file, const Plan& plan, const ProcessGroupPtr& group,
                            const LoadDistributedOptions& options) {
  return load(
      plan, group, options, describe(file), [&] { return file; },
      /*is_own_file=*/false);
}

}  // namespace safetensors
