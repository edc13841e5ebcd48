#include "device/read_plan.h"

#include <algorithm>

namespace safetensors {

ReadPlan::ReadPlan(std::span<const FileRange> ranges, std::uint64_t slab_bytes) {
  copies_.reserve(ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i)
    add(ranges[i], i, slab_bytes);
}

void ReadPlan::add(const FileRange& range, std::size_t destination, std::uint64_t slab_bytes) {
  for (std::uint64_t done = 0; done < range.nbytes;) {
    if (fills_.empty() || fills_.back().nbytes == slab_bytes)
      fills_.push_back({reads_.size(), copies_.size(), 0});
    Fill& fill = fills_.back();
    const std::uint64_t from = range.file_offset + done;
    const std::uint64_t nbytes = std::min(range.nbytes - done, slab_bytes - fill.nbytes);

    const bool continues =
        reads_.size() > fill.first_read && reads_.back().file_offset + reads_.back().nbytes == from;
    if (continues)
      reads_.back().nbytes += nbytes;
    else
      reads_.push_back({from, fill.nbytes, nbytes});
    copies_.push_back({destination, done, fill.nbytes, nbytes});

    fill.nbytes += nbytes;
    done += nbytes;
  }
}

std::span<const SlabRead> ReadPlan::reads(std::size_t fill) const {
  const std::size_t end = fill + 1 < fills_.size() ? fills_[fill + 1].first_read : reads_.size();
  return std::span(reads_).subspan(fills_[fill].first_read, end - fills_[fill].first_read);
}

std::span<const SlabCopy> ReadPlan::copies(std::size_t fill) const {
  const std::size_t end = fill + 1 < fills_.size() ? fills_[fill + 1].first_copy : copies_.size();
  return std::span(copies_).subspan(fills_[fill].first_copy, end - fills_[fill].first_copy);
}

}  // namespace safetensors
