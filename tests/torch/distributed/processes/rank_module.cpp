// Calls the library in a rank that is a Python process: a shared library for ctypes. Each function
// takes a request and returns an answer, both text; an answer is "OK ..." or "ERROR code message".
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <fstream>
#include <optional>
#include <safetensors/torch.hpp>
#include <stdexcept>
#include <string>
#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>
#include <utility>
#include <vector>

#include "rank_request.h"

using safetensors::Plan;
using safetensors::Progress;
using safetensors::Ranks;

namespace {

template <class Call>
const char* answered(Call&& call) {
  static thread_local std::string answer;
  try {
    answer = call();
  } catch (const safetensors::Error& error) {
    answer = "ERROR ";
    answer.append(st_status_name(error.code())).append(" ").append(error.what());
  } catch (const std::exception& error) {
    answer = "ERROR exception ";
    answer.append(error.what());
  }
  return answer.c_str();
}

// Limits the address space of this process to what it has now and `nbytes`.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t nbytes) {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    getrlimit(RLIMIT_AS, &old_);
    rlimit limit = old_;
    limit.rlim_cur = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + nbytes;
    if (setrlimit(RLIMIT_AS, &limit) != 0) throw std::runtime_error("setrlimit failed");
  }
  ~MemoryLimit() { setrlimit(RLIMIT_AS, &old_); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit old_{};
};

// "cancel N", "throw N" and "kill N": what the callback does after N bytes.
Progress progress_of(const Request& request) {
  const auto reached = [&](const char* key) { return request.number(key, UINT64_MAX); };
  return [cancel = reached("cancel"), raise = reached("throw"), kill = reached("kill")](
             std::uint64_t done, std::uint64_t) {
    if (done >= kill) ::kill(getpid(), SIGKILL);
    if (done >= raise) throw std::runtime_error("thrown by the callback");
    return done < cancel;
  };
}

safetensors::ProcessGroupPtr group_of(const Request& request) {
  return c10d::resolve_process_group(request.text("group"));
}

safetensors::ReadMode mode_of(const Request& request) {
  const std::string mode = request.text("mode", "auto");
  if (mode == "own") return safetensors::ReadMode::PerRank;
  if (mode == "once") return safetensors::ReadMode::ReadOnce;
  return safetensors::ReadMode::Auto;
}

safetensors::Backend backend_of(const Request& request) {
  const std::string backend = request.text("backend", "auto");
  if (backend == "mmap") return safetensors::Backend::Mmap;
  if (backend == "pread") return safetensors::Backend::Pread;
  return safetensors::Backend::Auto;
}

// "rule KIND PATTERN ARGUMENTS", for example "rule row *.o_proj.weight 1 4" for rank 1 of 4.
void add_rule(const std::vector<std::string>& words, Plan* plan) {
  const std::string &kind = words.at(0), &pattern = words.at(1);
  const auto argument = [&](std::size_t i) { return words.size() > i ? words[i] : std::string(); };
  const auto ranks = [&] { return Ranks{std::stoll(words.at(2)), std::stoll(words.at(3))}; };
  if (kind == "place")
    plan->place(pattern, {numbers<std::int64_t>(argument(2)), numbers<std::int64_t>(argument(3))},
                placements_of(argument(4)));
  else if (kind == "slice")
    plan->slice(pattern, slices_of(argument(2)));
  else if (kind == "skip")
    plan->skip(pattern);
  else if (kind == "column")
    plan->column(pattern, ranks());
  else if (kind == "row")
    plan->row(pattern, ranks());
  else
    throw std::runtime_error("unknown rule " + kind);
}

std::string load(const Request& request) {
  Plan plan;
  for (const std::string& rule : request.all("rule"))
    add_rule(split(rule, ' '), &plan);
  safetensors::DistributedStatistics statistics;
  safetensors::LoadDistributedOptions options;
  options.mode = mode_of(request);
  options.device = request.text("device", "cpu");
  options.backend = backend_of(request);
  options.staging_bytes = request.number("staging", options.staging_bytes);
  options.timeout = std::chrono::milliseconds(request.number("timeout", 0));
  options.progress = progress_of(request);
  options.statistics = &statistics;
  const auto group = group_of(request);

  std::optional<MemoryLimit> limit;
  if (request.has("memory")) limit.emplace(request.number("memory", 0));
  const auto tensors = safetensors::load_distributed(request.text("path"), plan, group, options);
  limit.reset();
  if (request.has("out")) safetensors::save_file(tensors, request.text("out"));
  std::string answer = "OK ";
  answer.append(statistics.mode == safetensors::ReadMode::ReadOnce ? "once" : "own");
  for (const std::uint64_t n :
       {statistics.bytes_read, statistics.bytes_sent, statistics.bytes_received})
    answer.append(" ").append(std::to_string(n));
  return answer;
}

const safetensors::Metadata metadata{{"format", "pt"}};

// With the metadata in the index too, as huggingface_hub.
safetensors::SetOptions set_options_of(const Request& request) {
  safetensors::SetOptions set;
  set.max_shard_size = request.number("shard_size", 0);
  set.index_metadata = {{"format", "pt"}};
  return set;
}

// The parts are the tensors of the file "parts"; "tensor NAME SHAPE SLICES" describes each.
std::string save(const Request& request) {
  const auto parts = safetensors::load_file(request.text("parts"));
  std::vector<safetensors::ShardedTensor> tensors;
  for (const std::string& line : request.all("tensor")) {
    const auto words = split(line, ' ');
    const auto shape =
        words.size() > 1 ? numbers<std::uint64_t>(words[1]) : std::vector<std::uint64_t>();
    if (words.size() > 4) {
      const auto placements = placements_of(words[4]);
      tensors.push_back(safetensors::placed_tensor(
          words[0], parts[words[0]], shape,
          {numbers<std::int64_t>(words[2]), numbers<std::int64_t>(words[3])}, placements));
    } else {
      tensors.push_back({words[0], parts[words[0]], shape,
                         words.size() > 2 ? slices_of(words[2]) : safetensors::TensorSlices()});
    }
  }
  safetensors::SaveDistributedOptions options;
  options.set = set_options_of(request);
  options.staging_bytes = request.number("staging", options.staging_bytes);
  options.timeout = std::chrono::milliseconds(request.number("timeout", 0));
  options.progress = progress_of(request);
  safetensors::save_distributed(tensors, request.text("directory"), group_of(request), metadata,
                                options);
  return "OK";
}

// One process saves the tensors of the file "parts", in the order of "order NAME" lines.
std::string save_alone(const Request& request) {
  const auto parts = safetensors::load_file(request.text("parts"));
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const std::string& name : request.all("order"))
    tensors.emplace_back(name, parts[name]);
  safetensors::SaveSetOptions options;
  options.set = set_options_of(request);
  safetensors::save_set(tensors, request.text("directory"), metadata, options);
  return "OK";
}

// Lines "SHAPE MESH COORDINATE PLACEMENTS", in which "-" is an empty list; a line of slices each.
std::string placed(const std::string& text) {
  std::string answer;
  for (const std::string& line : split(text, '\n')) {
    auto words = split(line, ' ');
    for (std::string& word : words)
      if (word == "-") word.clear();
    const auto shape = numbers<std::uint64_t>(words.at(0));
    const auto placements = placements_of(words.at(3));
    const auto slices = safetensors::placed_slices(
        shape, {numbers<std::int64_t>(words.at(1)), numbers<std::int64_t>(words.at(2))},
        placements);
    answer.append(text_of(slices)).append("\n");
  }
  return answer;
}

}  // namespace

#define RANK_EXPORT extern "C" __attribute__((visibility("default")))

RANK_EXPORT const char* rank_placed(const char* text) {
  return answered([&] { return placed(text); });
}
RANK_EXPORT const char* rank_load(const char* text) {
  return answered([&] { return load(Request(text)); });
}
RANK_EXPORT const char* rank_save(const char* text) {
  return answered([&] { return save(Request(text)); });
}
RANK_EXPORT const char* rank_save_alone(const char* text) {
  return answered([&] { return save_alone(Request(text)); });
}
