#include "distributed/chunk_schedule.h"

#include <algorithm>
#include <utility>

#include "distributed/divide.h"

namespace safetensors {

namespace {

// As far as sequential reads help.
constexpr std::uint64_t stripe_nbytes = std::uint64_t{8} << 20;
constexpr std::uint64_t page = 4096;

}  // namespace

ChunkSchedule::ChunkSchedule(std::vector<ScheduledTensor> tensors, std::size_t processes,
                             std::uint64_t chunk_nbytes)
    : tensors_(std::move(tensors)),
      processes_(processes),
      chunk_nbytes_(chunk_nbytes),
      chunks_in_stripe_(ceil_divide(stripe_nbytes, chunk_nbytes)) {
  begins_.push_back(0);
  for (const ScheduledTensor& tensor : tensors_)
    begins_.push_back(begins_.back() + tensor.nbytes);

  const std::uint64_t all_stripes = processes_ * chunks_in_stripe_ * chunk_nbytes_;
  full_rounds_ = begins_.back() / all_stripes * chunks_in_stripe_;
  const std::uint64_t rest = begins_.back() % all_stripes;
  last_stripe_nbytes_ = ceil_divide(ceil_divide(rest, processes_), page) * page;
  rounds_ =
      static_cast<std::size_t>(full_rounds_ + ceil_divide(last_stripe_nbytes_, chunk_nbytes_));
}

// Moves back to the begin of an element.
std::uint64_t ChunkSchedule::aligned(std::uint64_t offset) const {
  if (offset >= begins_.back()) return begins_.back();
  const auto after = std::upper_bound(begins_.begin(), begins_.end(), offset);
  const auto index = static_cast<std::size_t>(after - begins_.begin()) - 1;
  return offset - (offset - begins_[index]) % tensors_[index].itemsize;
}

std::vector<ScheduledPiece> ChunkSchedule::chunk(std::size_t round, std::size_t process) const {
  std::uint64_t stripe = chunks_in_stripe_ * chunk_nbytes_;
  std::uint64_t first_round = round - round % chunks_in_stripe_;
  if (round >= full_rounds_) {
    stripe = last_stripe_nbytes_;
    first_round = full_rounds_;
  }
  const std::uint64_t base = first_round * chunk_nbytes_ * processes_ + process * stripe;
  const std::uint64_t in_stripe = (round - first_round) * chunk_nbytes_;
  const std::uint64_t begin = aligned(base + in_stripe);
  const std::uint64_t end = aligned(base + std::min(stripe, in_stripe + chunk_nbytes_));

  std::vector<ScheduledPiece> pieces;
  if (begin >= end) return pieces;
  const auto after = std::upper_bound(begins_.begin(), begins_.end(), begin);
  for (auto i = static_cast<std::size_t>(after - begins_.begin()) - 1;
       i < tensors_.size() && begins_[i] < end; ++i) {
    const std::uint64_t from = std::max(begin, begins_[i]);
    const std::uint64_t to = std::min(end, begins_[i + 1]);
    const std::uint64_t shift = tensors_[i].file_offset - begins_[i];  // wraps, and back again
    pieces.push_back({i, from + shift, to + shift, from - begin});
  }
  return pieces;
}

}  // namespace safetensors
