#include "distributed/collective_load.h"

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>
#include <c10/util/hash.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <type_traits>
#include <utility>

#include "distributed/checkpoints.h"
#include "distributed/read_once.h"
#include "distributed/slice_load.h"
#include "progress.h"

namespace safetensors {

namespace {

// Work between two checkpoints, in bytes, and the most checkpoints.
constexpr std::uint64_t checkpoint_nbytes = std::uint64_t{256} << 20;
constexpr std::uint64_t most_checkpoints = 64;

// Bytes of values that are converted at once.
constexpr std::uint64_t largest_conversion = std::uint64_t{16} << 20;

constexpr std::uint64_t most_readers = 8;
// Shorter runs of a mapped file are copied from the mapping: a system call for each would cost
// more. Reading longer ones is as fast, and cannot raise SIGBUS.
constexpr std::uint64_t longest_copied_run = std::uint64_t{16} << 10;

// Processes that share a machine, usually one for each accelerator.
constexpr std::uint64_t most_local_processes = 8;

// What the processes compare before they read.
struct Terms {
  char layout[40];  // SHA-1 of the names, dtypes, shapes and positions of the tensors
  std::uint32_t mode;
  std::uint32_t is_mapped;
  std::int32_t accelerator;  // the device type of destinations that are not on the CPU, or -1
  std::uint32_t reserved;
  std::uint64_t nbytes;       // of the parts of this process
  std::uint64_t file_nbytes;  // of the whole file
  std::uint64_t staging_bytes;
};
static_assert(std::is_trivially_copyable_v<Terms>);

std::string layout_digest(const File& file) {
  std::string text = std::to_string(file.nbytes());
  for (const TensorInfo& info : file.tensors()) {
    text.append("\n").append(std::to_string(info.name.size())).append(":").append(info.name);
    text.append(" ").append(dtype_name(info.dtype));
    for (const std::uint64_t extent : info.shape)
      text.append(" ").append(std::to_string(extent));
    text.append("@").append(std::to_string(info.file_offset));
  }
  return c10::sha1(text).str();
}

std::uint64_t total_nbytes(const std::vector<Destination>& destinations) {
  std::uint64_t total = 0;
  for (const Destination& destination : destinations)
    total += destination.slice.nbytes();
  return total;
}

class Loader {
 public:
  Loader(const Group& group, Agreement& agreement, const CollectiveOptions& options,
         LocalLoad& local)
      : group_(group), agreement_(agreement), options_(options), local_(local) {}

  void run() {
    agree_on_terms();
    agreement_.attempt([&] {
      total_ = total_nbytes(local_.destinations);
      check_device();
    });
    agreement_.attempt_callback([&] { progress_.emplace(options_.progress, total_); });
    if (statistics_.mode == ReadMode::ReadOnce)
      read_shared();
    else
      read_own();
    agreement_.attempt([&] {
      local_.file->verify_unchanged();
      for (const Destination& destination : local_.destinations)
        destination.finish();
      if (local_.finish) local_.finish();
    });
    agreement_.settle();
    statistics_.bytes_read = bytes_read_;
    if (options_.statistics) *options_.statistics = statistics_;
  }

 private:
  void agree_on_terms() {
    Terms own{};
    agreement_.attempt([&] {
      const std::string digest = layout_digest(*local_.file);
      std::memcpy(own.layout, digest.data(), std::min(digest.size(), sizeof own.layout));
      own.mode = static_cast<std::uint32_t>(options_.mode);
      own.is_mapped = local_.file->is_mapped();
      own.nbytes = total_nbytes(local_.destinations);
      own.file_nbytes = local_.file->nbytes();
      own.accelerator = find_accelerator();
      own.staging_bytes = options_.staging_bytes;
    });
    agreement_.settle();
    const auto bytes =
        group_.all_gather(Bytes(reinterpret_cast<const std::byte*>(&own), sizeof own));
    std::vector<Terms> terms(group_.size());
    std::memcpy(terms.data(), bytes.data(), bytes.size());

    const Terms& first = terms.front();
    agreement_.attempt([&] {
      if (std::memcmp(own.layout, first.layout, sizeof own.layout) != 0)
        throw Error(ST_E_CHANGED, "the header of the file is not that which rank 0 has");
      if (own.mode != first.mode)
        throw Error(ST_E_INVALID_ARGUMENT, "the read mode is not that of rank 0");
    });
    agreement_.settle();
    std::uint64_t sum = 0;
    bool all_mapped = true;
    staging_bytes_ = own.staging_bytes;
    for (const Terms& other : terms) {
      sum += other.nbytes;
      all_mapped &= other.is_mapped != 0;
      staging_bytes_ = std::min(staging_bytes_, other.staging_bytes);
      largest_ = std::max(largest_, other.nbytes);
      any_has_accelerator_ |= other.accelerator >= 0;
      all_have_accelerator_ &= other.accelerator >= 0 && other.accelerator == first.accelerator;
    }
    statistics_.mode = options_.mode;
    if (options_.mode == ReadMode::Auto)
      statistics_.mode =
          sum > first.file_nbytes && !all_mapped ? ReadMode::ReadOnce : ReadMode::PerRank;
  }

  // Returns the device type, or -1.
  std::int32_t find_accelerator() {
    for (const Destination& destination : local_.destinations) {
      const c10::Device device = destination.tensor.device();
      if (device.is_cpu() || device.is_meta()) continue;
      has_two_accelerators_ |= accelerator_ && *accelerator_ != device;
      accelerator_ = device;
    }
    return accelerator_ ? static_cast<std::int32_t>(accelerator_->type()) : -1;
  }

  void check_device() {
    if (has_two_accelerators_ && statistics_.mode == ReadMode::ReadOnce)
      throw Error(ST_E_UNSUPPORTED, "ReadMode::ReadOnce loads to one accelerator of a process");
  }

  void read_shared() {
    agreement_.attempt([&] {
      for (Destination& destination : local_.destinations)
        if (destination.is_mapped) unmap_destination(&destination);
    });
    read_once(group_, agreement_,
              {*local_.file, local_.destinations, accelerator_, all_have_accelerator_,
               any_has_accelerator_, staging_bytes_,
               [this](std::uint64_t nbytes) { add_progress(nbytes); }, &bytes_read_,
               &statistics_.bytes_sent, &statistics_.bytes_received});
  }

  void add_progress(std::uint64_t nbytes) {
    agreement_.attempt_callback([&] { progress_->add(nbytes); });
  }

  void read_own() {
    Checkpoints checkpoints(group_, std::min(largest_ / checkpoint_nbytes, most_checkpoints));
    std::uint64_t done = 0;
    const Advance advance = [&](std::uint64_t nbytes) {
      done += nbytes;
      add_progress(nbytes);
      if (agreement_.has_failed()) throw Stopped();
      checkpoints.reach(done, total_);
    };
    try {
      agreement_.attempt([&] { read_parts(advance); });
    } catch (const Stopped&) {
    } catch (const OtherProcessFailed&) {
    }
    checkpoints.finish(agreement_.has_failed());
  }

  // This process failed, and Agreement has the error.
  struct Stopped {};

  void read_parts(const Advance& advance) {
    const std::uint64_t processes = std::min<std::uint64_t>(group_.size(), most_local_processes);
    const SliceLoadOptions options{
        staging_bytes_,
        std::clamp<std::uint64_t>(std::thread::hardware_concurrency() / processes, 1, most_readers),
        &bytes_read_};
    std::vector<SliceLoad> on_host, on_accelerator;
    for (const Destination& destination : local_.destinations) {
      if (destination.is_mapped) {
        bytes_read_ += destination.slice.nbytes();
        advance(destination.slice.nbytes());
      }
      if (destination.is_mapped || !destination.is_direct()) continue;
      auto& loads = destination.tensor.is_cpu() ? on_host : on_accelerator;
      if (!loads.empty() && loads.back().destination.device() != destination.tensor.device()) {
        load_slices(*local_.file, loads, options, advance);
        loads.clear();
      }
      loads.push_back({destination.slice, 0, destination.tensor, mapped(destination)});
    }
    load_slices(*local_.file, on_host, options, advance);
    load_slices(*local_.file, on_accelerator, options, advance);
    for (const Destination& destination : local_.destinations)
      if (!destination.is_direct()) read_converted(destination, options, advance);
  }

  // The bytes of the whole tensor, if the runs of the part are short and the file is mapped.
  const std::byte* mapped(const Destination& destination) {
    if (!local_.file->is_mapped() || destination.slice.is_empty() ||
        destination.slice.shortest_run() > longest_copied_run)
      return nullptr;
    return mapped_.emplace_back(local_.file->get(destination.part.info.name)).bytes().data();
  }

  void read_converted(const Destination& destination, const SliceLoadOptions& options,
                      const Advance& advance) {
    const std::uint64_t itemsize = c10::elementSize(destination.dtype);
    const std::uint64_t piece =
        std::clamp(staging_bytes_ / 4, itemsize, largest_conversion) / itemsize * itemsize;
    const std::uint64_t total = destination.slice.nbytes();
    const std::byte* const whole = mapped(destination);
    for (std::uint64_t done = 0; done < total; done += piece) {
      const auto nbytes = static_cast<std::int64_t>(std::min(piece, total - done));
      const at::Tensor bytes = at::empty(
          {nbytes}, at::TensorOptions().dtype(at::kByte).device(destination.tensor.device()));
      load_slices(*local_.file, {{destination.slice, done, bytes, whole}}, options, advance);
      convert_piece(destination, done, bytes);
    }
  }

  const Group& group_;
  Agreement& agreement_;
  const CollectiveOptions& options_;
  LocalLoad& local_;
  std::uint64_t total_ = 0;          // bytes of the parts of this process
  std::uint64_t largest_ = 0;        // the same of the process that has the most
  std::uint64_t staging_bytes_ = 0;  // the smallest of all processes
  std::optional<c10::Device> accelerator_;
  bool has_two_accelerators_ = false;
  bool any_has_accelerator_ = false;  // of any process
  bool all_have_accelerator_ = true;  // of one type, on every process
  std::optional<ProgressCounter> progress_;
  std::atomic<std::uint64_t> bytes_read_{0};
  DistributedStatistics statistics_;
  std::vector<Tensor> mapped_;
};

}  // namespace

void collective_load(const ProcessGroupPtr& process_group, std::chrono::milliseconds timeout,
                     const std::string& description, const CollectiveOptions& options,
                     LocalLoad* local, const std::function<void()>& prepare) {
  run_collective(process_group, timeout, description,
                 [&](const Group& group, Agreement& agreement) {
                   agreement.attempt(prepare);
                   Loader(group, agreement, options, *local).run();
                 });
}

}  // namespace safetensors
