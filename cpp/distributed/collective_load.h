// Loads the parts of each process from a file that all of them read.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <safetensors/safetensors.hpp>
#include <safetensors/torch/load_distributed.hpp>
#include <string>
#include <vector>

#include "distributed/agreement.h"
#include "distributed/destination.h"
#include "distributed/group.h"

namespace safetensors {

// The options that load_distributed and load_model_distributed have in common.
struct CollectiveOptions {
  ReadMode mode;
  std::uint64_t staging_bytes;
  Progress progress;
  DistributedStatistics* statistics;
};

template <class Options>
CollectiveOptions collective_options_of(const Options& options) {
  return {options.mode, options.staging_bytes, options.progress, options.statistics};
}

// What a process contributes: an open file, and its destinations in the order of the file.
struct LocalLoad {
  std::optional<File> file;
  std::vector<Destination> destinations;
  std::function<void()> finish{};  // called when all destinations are loaded
};

// Collective: every process calls it. `prepare` opens the file and allocates the destinations; what
// it throws is thrown by every process, as all errors are. `description` names the file.
void collective_load(const ProcessGroupPtr& group, std::chrono::milliseconds timeout,
                     const std::string& description, const CollectiveOptions& options,
                     LocalLoad* local, const std::function<void()>& prepare);

}  // namespace safetensors
