#include "distributed/part_codec.h"

namespace safetensors {

namespace {

enum Form : std::uint64_t { none = 0, whole = 1, listed = 2 };

// LEB128: seven bits a byte, the lowest first.
void append(std::uint64_t number, std::vector<std::byte>* bytes) {
  while (number >= 0x80) {
    bytes->push_back(static_cast<std::byte>(number | 0x80));
    number >>= 7;
  }
  bytes->push_back(static_cast<std::byte>(number));
}

bool is_whole(const std::vector<Interval>& intervals, std::uint64_t extent) {
  return intervals.size() == 1 && intervals[0] == Interval{0, extent};
}

}  // namespace

void encode_part(const PartIntervals* intervals, Span<const std::uint64_t> shape,
                 std::vector<std::byte>* bytes) {
  if (!intervals) return append(none, bytes);
  bool all = true;
  for (std::size_t d = 0; d < shape.size(); ++d)
    all &= is_whole((*intervals)[d], shape[d]);
  if (all) return append(whole, bytes);

  append(listed, bytes);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (is_whole((*intervals)[d], shape[d])) {
      append(0, bytes);
      continue;
    }
    append((*intervals)[d].size() + 1, bytes);
    for (const Interval& interval : (*intervals)[d]) {
      append(interval.begin, bytes);
      append(interval.end - interval.begin, bytes);
    }
  }
}

std::uint64_t PartDecoder::number() {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (position_ == bytes_.size()) break;
    const auto byte = static_cast<std::uint64_t>(bytes_[position_++]);
    number |= (byte & 0x7f) << shift;
    if (byte < 0x80) return number;
  }
  throw Error(ST_E_INTERNAL, "another process sent a plan that is not one");
}

bool PartDecoder::decode(Span<const std::uint64_t> shape, PartIntervals* intervals) {
  const std::uint64_t form = number();
  if (form == none) return false;
  intervals->clear();
  for (const std::uint64_t extent : shape) {
    std::vector<Interval>& dimension = intervals->emplace_back();
    const std::uint64_t count = form == whole ? 0 : number();
    if (count == 0) dimension.push_back({0, extent});
    for (std::uint64_t i = 1; i < count; ++i) {
      const std::uint64_t begin = number(), length = number();
      if (begin > extent || length > extent - begin)
        throw Error(ST_E_INTERNAL, "another process sent a plan that exceeds a tensor");
      dimension.push_back({begin, begin + length});
    }
  }
  return true;
}

}  // namespace safetensors
