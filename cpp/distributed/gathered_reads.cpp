#include "distributed/gathered_reads.h"

#include <cstring>

namespace safetensors {

namespace {

constexpr std::uint64_t longest_gap = 4096;
constexpr std::uint64_t window_nbytes = std::uint64_t{1} << 20;
// Longer runs are read without a copy.
constexpr std::uint64_t longest_copied_run = std::uint64_t{64} << 10;

}  // namespace

void GatheredReads::add(std::uint64_t file_offset, std::byte* memory, std::uint64_t nbytes) {
  if (!pieces_.empty()) {
    Piece& last = pieces_.back();
    const std::uint64_t end = file_offset + nbytes;
    if (file_offset == last.file_end() && memory == last.memory + last.nbytes &&
        (pieces_.size() == 1 || end - pieces_.front().file_offset <= window_nbytes)) {
      last.nbytes += nbytes;
      return;
    }
    const bool fits = file_offset >= last.file_end() &&
                      file_offset - last.file_end() <= longest_gap &&
                      last.nbytes <= longest_copied_run && nbytes <= longest_copied_run &&
                      end - pieces_.front().file_offset <= window_nbytes;
    if (!fits) finish();
  }
  pieces_.push_back({file_offset, memory, nbytes});
}

void GatheredReads::finish() {
  if (pieces_.size() == 1) {
    read(pieces_[0].file_offset, pieces_[0].memory, pieces_[0].nbytes);
  } else if (!pieces_.empty()) {
    if (!window_) window_.reset(new std::byte[window_nbytes]);
    const std::uint64_t begin = pieces_.front().file_offset;
    read(begin, window_.get(), pieces_.back().file_end() - begin);
    for (const Piece& piece : pieces_)
      std::memcpy(piece.memory, window_.get() + (piece.file_offset - begin), piece.nbytes);
  }
  pieces_.clear();
}

void GatheredReads::read(std::uint64_t file_offset, std::byte* memory, std::uint64_t nbytes) {
  file_.read_at(file_offset, MutableBytes(memory, nbytes));
  counter_->fetch_add(nbytes, std::memory_order_relaxed);
}

}  // namespace safetensors
