#include "thread_group.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>
#include <utility>

namespace {

// What one rank contributes to a collective: the bytes for each rank.
struct Contribution {
  std::vector<at::Tensor> parts;
};

}  // namespace

class ThreadRanks::Shared {
 public:
  explicit Shared(std::size_t count) : count_(count), begun_(count), limits_(count, SIZE_MAX) {}

  std::size_t begin(std::size_t rank, Contribution contribution) {
    const std::lock_guard lock(mutex_);
    const std::size_t number = begun_[rank]++;
    if (number >= limits_[rank]) {
      left_ = true;
      changed_.notify_all();
      throw std::runtime_error("this rank leaves");
    }
    collectives_[number].resize(count_);
    collectives_[number][rank] = std::move(contribution);
    ++arrived_[number];
    changed_.notify_all();
    return number;
  }

  // The parts that the ranks contributed for `rank`.
  std::vector<at::Tensor> wait(std::size_t number, std::size_t rank) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_[number] == count_ || left_; });
    if (arrived_[number] != count_) throw std::runtime_error("a rank left the group");
    std::vector<at::Tensor> parts;
    for (const Contribution& contribution : collectives_[number])
      parts.push_back(contribution.parts[rank]);
    return parts;
  }

  // Returns when all ranks have copied what they received: until then the senders' tensors are in
  // use.
  void leave(std::size_t number) {
    std::unique_lock lock(mutex_);
    ++done_[number];
    changed_.notify_all();
    changed_.wait(lock, [&] { return done_[number] == count_ || left_; });
    if (done_[number] == count_) collectives_.erase(number);
  }

  std::size_t count_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::size_t> begun_;
  std::vector<std::size_t> limits_;
  bool left_ = false;
  std::map<std::size_t, std::vector<Contribution>> collectives_;
  std::map<std::size_t, std::size_t> arrived_;
  std::map<std::size_t, std::size_t> done_;
};

namespace {

using Shared = ThreadRanks::Shared;

class ThreadWork : public c10d::Work {
 public:
  ThreadWork(std::shared_ptr<Shared> shared, std::size_t number, std::size_t rank,
             std::vector<at::Tensor> outputs)
      : shared_(std::move(shared)), number_(number), rank_(rank), outputs_(std::move(outputs)) {}

  bool wait(std::chrono::milliseconds) override {
    const auto parts = shared_->wait(number_, rank_);
    for (std::size_t r = 0; r < parts.size(); ++r) {
      if (parts[r].numel() != outputs_[r].numel())
        throw std::runtime_error("rank " + std::to_string(r) + " sent " +
                                 std::to_string(parts[r].numel()) + " bytes, expected " +
                                 std::to_string(outputs_[r].numel()));
      outputs_[r].copy_(parts[r]);
    }
    shared_->leave(number_);
    return true;
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::size_t number_;
  std::size_t rank_;
  std::vector<at::Tensor> outputs_;
};

class ThreadBackend : public c10d::Backend {
 public:
  ThreadBackend(std::shared_ptr<Shared> shared, int rank, int size)
      : Backend(rank, size), shared_(std::move(shared)) {}

  const std::string getBackendName() const override { return "threads"; }

  c10::intrusive_ptr<c10d::Work> allgather(std::vector<std::vector<at::Tensor>>& outputs,
                                           std::vector<at::Tensor>& inputs,
                                           const c10d::AllgatherOptions&) override {
    const std::vector<at::Tensor> parts(static_cast<std::size_t>(getSize()), inputs.at(0));
    return begin({parts}, outputs.at(0));
  }

  c10::intrusive_ptr<c10d::Work> alltoall_base(at::Tensor& output, at::Tensor& input,
                                               std::vector<std::int64_t>& output_sizes,
                                               std::vector<std::int64_t>& input_sizes,
                                               const c10d::AllToAllOptions&) override {
    return begin({split(input, input_sizes)}, split(output, output_sizes));
  }

 private:
  static std::vector<at::Tensor> split(const at::Tensor& tensor,
                                       const std::vector<std::int64_t>& sizes) {
    std::vector<at::Tensor> parts;
    std::int64_t begin = 0;
    for (const std::int64_t size : sizes) {
      parts.push_back(tensor.narrow(0, begin, size));
      begin += size;
    }
    if (begin != tensor.numel()) throw std::runtime_error("the sizes do not add up");
    return parts;
  }

  c10::intrusive_ptr<c10d::Work> begin(Contribution contribution, std::vector<at::Tensor> outputs) {
    const auto rank = static_cast<std::size_t>(getRank());
    const std::size_t number = shared_->begin(rank, std::move(contribution));
    return c10::make_intrusive<ThreadWork>(shared_, number, rank, std::move(outputs));
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace

ThreadRanks::ThreadRanks(std::size_t count, c10::DeviceType type)
    : shared_(std::make_shared<Shared>(count)) {
  for (std::size_t rank = 0; rank < count; ++rank) {
    const int number = static_cast<int>(rank), size = static_cast<int>(count);
    auto group = c10::make_intrusive<c10d::ProcessGroup>(number, size);
    group->setBackend(type, c10d::ProcessGroup::BackendType::CUSTOM,
                      c10::make_intrusive<ThreadBackend>(shared_, number, size));
    groups_.push_back(std::move(group));
  }
}

ThreadRanks::ThreadRanks(std::size_t count, c10::DeviceType first, c10::DeviceType second)
    : ThreadRanks(count, first) {
  const auto shared = std::make_shared<Shared>(count);
  for (std::size_t rank = 0; rank < count; ++rank)
    groups_[rank]->setBackend(second, c10d::ProcessGroup::BackendType::UCC,
                              c10::make_intrusive<ThreadBackend>(shared, static_cast<int>(rank),
                                                                 static_cast<int>(count)));
}

void ThreadRanks::run(const std::function<void(std::size_t rank)>& function) const {
  std::vector<std::thread> threads;
  for (std::size_t rank = 0; rank < size(); ++rank)
    threads.emplace_back(function, rank);
  for (std::thread& thread : threads)
    thread.join();
}

void ThreadRanks::leave_after(std::size_t rank, std::size_t count) {
  const std::lock_guard lock(shared_->mutex_);
  shared_->limits_[rank] = count;
}

std::size_t ThreadRanks::collectives(std::size_t rank) const {
  const std::lock_guard lock(shared_->mutex_);
  return shared_->begun_[rank];
}
