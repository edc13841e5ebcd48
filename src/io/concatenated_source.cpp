// A source of the bytes of several sources, one after the other.
#include <algorithm>

#include "io/source.h"

namespace st {
namespace {

class ConcatenatedSource final : public Source {
 public:
  ConcatenatedSource(std::string name, std::vector<SourcePart> parts) noexcept
      : Source(std::move(name), Access::read_only), parts_(std::move(parts)) {}

  std::uint64_t size() const noexcept override {
    return parts_.back().first_offset + parts_.back().source->size();
  }

  void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const override {
    auto* place = static_cast<std::byte*>(buffer);
    for_each_piece(offset, count,
                   [&](const Source& source, std::uint64_t begin, std::uint64_t piece) {
                     source.read_at(begin, place, piece);
                     place += piece;
                   });
  }

  // The bytes of a tensor lie in one part.
  Bytes get(std::uint64_t offset, std::uint64_t count) const override {
    const SourcePart& part = part_of(offset, count);
    return part.source->get(offset - part.first_offset, count);
  }

  const std::byte* in_place(std::uint64_t offset, std::uint64_t count) const override {
    const SourcePart& part = part_of(offset, count);
    return part.source->in_place(offset - part.first_offset, count);
  }

  void prefetch(std::uint64_t offset, std::uint64_t count) const override {
    for_each_piece(offset, count,
                   [](const Source& source, std::uint64_t begin, std::uint64_t piece) {
                     source.prefetch(begin, piece);
                   });
  }

  std::string_view name_at(std::uint64_t offset) const noexcept override {
    return part_at(offset).source->name();
  }

  bool is_mapped() const noexcept override {
    return std::all_of(parts_.begin(), parts_.end(),
                       [](const SourcePart& part) { return part.source->is_mapped(); });
  }

  void verify_unchanged() const override {
    for (const SourcePart& part : parts_)
      part.source->verify_unchanged();
  }

 private:
  // Calls `action` with the range's part of each source.
  template <class Action>
  void for_each_piece(std::uint64_t offset, std::uint64_t count, Action action) const {
    while (count > 0) {
      const SourcePart& part = part_at(offset);
      const std::uint64_t begin = offset - part.first_offset;
      const std::uint64_t piece = std::min(count, part.source->size() - begin);
      action(*part.source, begin, piece);
      offset += piece;
      count -= piece;
    }
  }

  const SourcePart& part_at(std::uint64_t offset) const noexcept {
    const auto after = std::upper_bound(
        parts_.begin(), parts_.end(), offset,
        [](std::uint64_t at, const SourcePart& part) { return at < part.first_offset; });
    return *(after - 1);
  }

  // An empty tensor at the end of a part begins where the next part does.
  const SourcePart& part_of(std::uint64_t offset, std::uint64_t count) const noexcept {
    return part_at(count == 0 && offset > 0 ? offset - 1 : offset);
  }

  std::vector<SourcePart> parts_;
};

}  // namespace

std::shared_ptr<const Source> concatenate(std::string name, std::vector<SourcePart> parts) {
  return std::make_shared<const ConcatenatedSource>(std::move(name), std::move(parts));
}

}  // namespace st
