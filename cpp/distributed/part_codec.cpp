#include "distributed/part_codec.h"

namespace safetensors {

namespace {

enum Form : std::uint64_t { none = 0, whole = 1, listed = 2 };

}  // namespace

void encode_part(const PartIntervals* intervals, Span<const std::uint64_t> shape,
                 ByteWriter* bytes) {
  if (!intervals) return bytes->number(none);
  bool all = true;
  for (std::size_t d = 0; d < shape.size(); ++d)
    all &= is_all((*intervals)[d], shape[d]);
  if (all) return bytes->number(whole);

  bytes->number(listed);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (is_all((*intervals)[d], shape[d])) {
      bytes->number(0);
      continue;
    }
    bytes->number((*intervals)[d].size() + 1);
    for (const Interval& interval : (*intervals)[d]) {
      bytes->number(interval.begin);
      bytes->number(interval.end - interval.begin);
    }
  }
}

bool decode_part(Span<const std::uint64_t> shape, ByteReader* bytes, PartIntervals* intervals) {
  const std::uint64_t form = bytes->number();
  if (form == none) return false;
  intervals->clear();
  for (const std::uint64_t extent : shape) {
    std::vector<Interval>& dimension = intervals->emplace_back();
    const std::uint64_t count = form == whole ? 0 : bytes->number();
    if (count == 0) dimension.push_back({0, extent});
    for (std::uint64_t i = 1; i < count; ++i) {
      const std::uint64_t begin = bytes->number(), length = bytes->number();
      if (begin > extent || length > extent - begin)
        throw Error(ST_E_INTERNAL, "another process sent a part that exceeds a tensor");
      dimension.push_back({begin, begin + length});
    }
  }
  return true;
}

}  // namespace safetensors
