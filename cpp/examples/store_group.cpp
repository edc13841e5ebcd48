#include "store_group.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>
#include <utility>
#include <vector>

namespace {

// A server of TCPStore accepts values of at most 8 MiB.
constexpr std::size_t piece_size = std::size_t{4} << 20;

std::vector<std::uint8_t> bytes_of(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.contiguous();
  const auto* const first = static_cast<const std::uint8_t*>(whole.const_data_ptr());
  return {first, first + whole.nbytes()};
}

class StoreWork : public c10d::Work {
 public:
  explicit StoreWork(std::function<void()> receive) : receive_(std::move(receive)) {}

  bool wait(std::chrono::milliseconds) override {
    if (receive_) std::exchange(receive_, nullptr)();
    return true;
  }

 private:
  std::function<void()> receive_;
};

class StoreBackend : public c10d::Backend {
 public:
  StoreBackend(c10::intrusive_ptr<c10d::Store> store, int rank, int size)
      : Backend(rank, size), store_(std::move(store)) {}

  const std::string getBackendName() const override { return "store"; }

  c10::intrusive_ptr<c10d::Work> allgather(std::vector<std::vector<at::Tensor>>& outputs,
                                           std::vector<at::Tensor>& inputs,
                                           const c10d::AllgatherOptions&) override {
    return exchange(copies(inputs.at(0)), outputs.at(0));
  }

  c10::intrusive_ptr<c10d::Work> alltoall_base(at::Tensor& output, at::Tensor& input,
                                               std::vector<std::int64_t>& output_sizes,
                                               std::vector<std::int64_t>& input_sizes,
                                               const c10d::AllToAllOptions&) override {
    return exchange(split(input, input_sizes), split(output, output_sizes));
  }

  // Every process adds the tensors in the order of the ranks, and so gets the same bits.
  c10::intrusive_ptr<c10d::Work> allreduce(std::vector<at::Tensor>& tensors,
                                           const c10d::AllreduceOptions& options) override {
    if (options.reduceOp != c10d::ReduceOp::SUM)
      throw std::invalid_argument("the store group reduces by SUM only");
    const at::Tensor sum = tensors.at(0);
    std::vector<at::Tensor> parts;
    for (int rank = 0; rank < getSize(); ++rank)
      parts.push_back(at::empty_like(sum, at::MemoryFormat::Contiguous));
    auto gathered = exchange(copies(sum), parts);
    return c10::make_intrusive<StoreWork>([sum, parts, gathered] {
      gathered->wait();
      sum.zero_();
      for (const at::Tensor& part : parts)
        sum.add_(part);
    });
  }

 private:
  std::vector<at::Tensor> copies(const at::Tensor& tensor) const {
    return std::vector<at::Tensor>(static_cast<std::size_t>(getSize()), tensor);
  }

  // Rows of the tensor for each rank; without sizes, equal numbers of them.
  std::vector<at::Tensor> split(const at::Tensor& tensor,
                                const std::vector<std::int64_t>& sizes) const {
    return sizes.empty() ? tensor.chunk(getSize()) : tensor.split_with_sizes(sizes);
  }

  std::string key(std::uint64_t number, int from, int to, std::size_t offset) const {
    return std::to_string(number) + '/' + std::to_string(from) + '/' + std::to_string(to) + '/' +
           std::to_string(offset);
  }

  // Stores the tensor for each rank, and returns the work that receives those of the others.
  c10::intrusive_ptr<c10d::Work> exchange(const std::vector<at::Tensor>& sent,
                                          std::vector<at::Tensor> received) {
    const std::uint64_t number = number_++;
    for (int to = 0; to < getSize(); ++to) {
      const auto bytes = bytes_of(sent.at(static_cast<std::size_t>(to)));
      for (std::size_t offset = 0; offset < bytes.size(); offset += piece_size) {
        const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
        const std::size_t length = std::min(piece_size, bytes.size() - offset);
        store_->set(key(number, getRank(), to, offset),
                    std::vector<std::uint8_t>(first, first + static_cast<std::ptrdiff_t>(length)));
      }
    }
    return c10::make_intrusive<StoreWork>([this, number, received = std::move(received)] {
      for (int from = 0; from < getSize(); ++from)
        receive(number, from, received.at(static_cast<std::size_t>(from)));
    });
  }

  // Each piece has one receiver, which deletes it.
  void receive(std::uint64_t number, int from, const at::Tensor& tensor) {
    at::Tensor whole = at::empty_like(tensor, at::MemoryFormat::Contiguous);
    auto* const bytes = static_cast<std::uint8_t*>(whole.mutable_data_ptr());
    for (std::size_t offset = 0; offset < whole.nbytes(); offset += piece_size) {
      const std::string name = key(number, from, getRank(), offset);
      const auto piece = store_->get(name);
      const std::size_t expected = std::min(piece_size, whole.nbytes() - offset);
      if (piece.size() != expected) {
        throw std::runtime_error("rank " + std::to_string(from) + " sent " +
                                 std::to_string(piece.size()) + " bytes, expected " +
                                 std::to_string(expected));
      }
      std::copy(piece.begin(), piece.end(), bytes + offset);
      store_->deleteKey(name);
    }
    tensor.copy_(whole);
  }

  c10::intrusive_ptr<c10d::Store> store_;
  std::uint64_t number_ = 0;  // of the next collective: the same on every process
};

}  // namespace

c10::intrusive_ptr<c10d::ProcessGroup> store_group(c10::intrusive_ptr<c10d::Store> store, int rank,
                                                   int size) {
  auto group = c10::make_intrusive<c10d::ProcessGroup>(rank, size);
  group->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::BackendType::CUSTOM,
                    c10::make_intrusive<StoreBackend>(std::move(store), rank, size));
  return group;
}
