// load_distributed and load_model_distributed: one model on the devices of many processes.
#ifndef SAFETENSORS_TORCH_LOAD_DISTRIBUTED_HPP
#define SAFETENSORS_TORCH_LOAD_DISTRIBUTED_HPP

#include <c10/util/intrusive_ptr.h>
#include <safetensors/safetensors.hpp>
#include <safetensors/torch/device.hpp>
#include <safetensors/torch/export.hpp>
#include <safetensors/torch/load_report.hpp>
#include <safetensors/torch/module_pointer.hpp>
#include <safetensors/torch/named_tensors.hpp>
#include <safetensors/torch/plan.hpp>
#include <safetensors/torch/renames.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace c10d {
class ProcessGroup;
}
namespace torch::nn {
class Module;
}

namespace safetensors {

// The processes that load or save together: all of them call the function. The meshes and ranks of
// a plan may be smaller. To use its members include <torch/csrc/distributed/c10d/ProcessGroup.hpp>;
// c10d::resolve_process_group (GroupRegistry.hpp there) returns the group that Python registered
// under a name. A backend needs allgather, and alltoall_base with uneven sizes, 0 among them.
using ProcessGroupPtr = c10::intrusive_ptr<c10d::ProcessGroup>;

// Who reads what.
enum class ReadMode : std::uint8_t {
  Auto,      // ReadOnce if the processes need more bytes than the file has, and the file is not
             // mapped on one of them at least (Backend::Auto maps local files); else PerRank
  PerRank,   // each process reads its parts, with gaps of up to 4 KiB between short runs of them
  ReadOnce,  // the processes read equal shares, in the order of the file, and send each other what
             // each needs; what none needs is not read, but for such gaps
};

// What one call read and sent.
struct DistributedStatistics {
  ReadMode mode = ReadMode::Auto;    // the one that was used
  std::uint64_t bytes_read = 0;      // by this process, of tensor data; or mapped
  std::uint64_t bytes_sent = 0;      // tensor data, to other processes
  std::uint64_t bytes_received = 0;  // tensor data, from other processes
};

struct LoadDistributedOptions {
  ReadMode mode = ReadMode::Auto;   // the same on every process
  Device device{};                  // the device of the loaded tensors
  Backend backend = Backend::Auto;  // how a path is read, see load_file
  Renames renames{};                // map file names to the names in the plan and the dictionary
  // The most memory for data between the file and the tensors, per process, in bytes: of PerRank
  // for accelerators. ReadOnce needs 40 KiB and more for each process of the group.
  std::uint64_t staging_bytes = std::uint64_t{256} << 20;
  std::chrono::milliseconds timeout{0};         // of each collective; 0: that of the group
  Progress progress{};                          // counts the bytes that this process gets
  DistributedStatistics* statistics = nullptr;  // receives the counts of a call that succeeds
};

// Loads the part of a file or a set that `plan` gives this process, as a dictionary in the order of
// the file: contiguous tensors, or those of Plan::into. Where each process reads for itself, new
// tensors on the CPU whose parts are contiguous in a mapped file (whole tensors, shards of
// dimension 0) are parts of a private mapping, as load_file's are: nothing is read or copied before
// it is used, and processes on one machine share the memory of what they do not change. Others
// have memory of their own; Backend::Pread gives it to all. A tensor of Plan::into that is not
// contiguous needs memory for its part until the load ends. Every process of the group
// calls it with the same mode and with a plan of its own; the paths may differ, if they lead to
// files of the same header. No tensor is in memory as a whole unless the plan loads it whole. The
// group is one with any backend of c10d: its collectives carry the bytes as uint8 on the CPU or, if
// it has no backend for the CPU or a faster one for the device, on `options.device`.
//
// Errors. The processes agree on success before any data is read, and report failures to each other
// while they read. If one fails, all throw the same Error, whose message begins with the rank and
// names the file: of several that fail, that of the lowest rank. The group can be used further.
// Tensors of Plan::into then have unspecified values. An exception that `progress` throws passes
// through on its process; the others throw ST_E_CANCELLED. If a process is killed, or the group
// fails, the others throw ST_E_IO when the group notices, at the latest after `timeout`.
//
// Throws Error as load_file; ST_E_CHANGED if the processes have different headers;
// ST_E_INVALID_ARGUMENT as Plan, for different modes, for a null `group`, and for a `staging_bytes`
// that is too small; ST_E_UNSUPPORTED if LibTorch was built without c10d, for tensors of Plan::into
// that overlap each other, and with ReadOnce for tensors on two accelerators; ST_E_NO_MEMORY.
ST_TORCH_API TensorDict load_distributed(const std::filesystem::path& path, const Plan& plan,
                                         const ProcessGroupPtr& group,
                                         const LoadDistributedOptions& options = {});

// The same from an open File, one per process; `options.backend` is ignored. It is read by several
// threads, and no tensor is a part of its mapping.
ST_TORCH_API TensorDict load_distributed(const File& file, const Plan& plan,
                                         const ProcessGroupPtr& group,
                                         const LoadDistributedOptions& options = {});

struct LoadModelDistributedOptions {
  bool strict = true;             // throw if a name is missing or unexpected
  bool ignore_unexpected = true;  // by default, unlike load_model: see below
  bool exact_dtype = false;       // throw ST_E_DTYPE instead of converting values
  ReadMode mode = ReadMode::Auto;
  Backend backend = Backend::Auto;
  Renames renames{};  // map file names to names in the model
  std::uint64_t staging_bytes = std::uint64_t{256} << 20;
  std::chrono::milliseconds timeout{0};
  Progress progress{};
  DistributedStatistics* statistics = nullptr;
};

// Loads into the parameters and buffers of a module, whose shapes are those of this process's
// parts, as Plan::report lists them: a Linear layer of tensor parallelism has out / size rows. The
// values are copied into the module's own tensors, on their devices, and converted to their dtypes.
// Aliases are as in load_model. By default tensors of the file that this process's module does not
// have are not unexpected: with pipeline parallelism each has some of the layers. Returns and
// throws as load_model and load_distributed: if a model does not match on one process, all throw
// its Error.
ST_TORCH_API LoadReport load_model_distributed(torch::nn::Module& model,
                                               const std::filesystem::path& path, const Plan& plan,
                                               const ProcessGroupPtr& group,
                                               const LoadModelDistributedOptions& options = {});
ST_TORCH_API LoadReport load_model_distributed(torch::nn::Module& model, const File& file,
                                               const Plan& plan, const ProcessGroupPtr& group,
                                               const LoadModelDistributedOptions& options = {});

// Overloads for module holders, such as torch::nn::Linear, and for shared pointers.
template <ModulePointer Pointer>
LoadReport load_model_distributed(const Pointer& model, const std::filesystem::path& path,
                                  const Plan& plan, const ProcessGroupPtr& group,
                                  const LoadModelDistributedOptions& options = {}) {
  return load_model_distributed(detail::module_of(model), path, plan, group, options);
}
template <ModulePointer Pointer>
LoadReport load_model_distributed(const Pointer& model, const File& file, const Plan& plan,
                                  const ProcessGroupPtr& group,
                                  const LoadModelDistributedOptions& options = {}) {
  return load_model_distributed(detail::module_of(model), file, plan, group, options);
}

}  // namespace safetensors

#endif
