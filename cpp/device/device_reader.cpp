#include "device/device_reader.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "device/device_streams.h"
#include "device/pinned_ring.h"
#include "tensor/byte_view.h"

namespace safetensors {

namespace {
constexpr std::uint64_t largest_piece = std::uint64_t{8} << 20;
}

// The tensor in pieces of equal size: piece p is copied into slab p % 2, so that the next piece is
// copied while one is used.
class DeviceReader::Pieces {
 public:
  explicit Pieces(const at::Tensor& tensor)
      : tensor_(tensor),
        nbytes_(tensor.nbytes()),
        piece_bytes_(std::min(nbytes_, largest_piece)),
        ring_(PinnedRing::take(tensor.device().type(), piece_bytes_,
                               nbytes_ > piece_bytes_ ? 2 : 1)) {}

  // A copy that still runs writes into the kept ring.
  ~Pieces() { PinnedRing::keep(std::move(ring_)); }

  // Copies the bytes of [offset, offset + nbytes) that are in the piece of `offset`; returns their
  // number.
  std::uint64_t copy_out(std::uint64_t offset, std::byte* buffer, std::uint64_t nbytes,
                         const c10::Stream& stream) {
    const std::uint64_t piece = offset / piece_bytes_;
    fetch(piece, stream);
    fetch(piece + 1, stream);
    const std::size_t slab = slab_of(piece);
    ring_.wait_until_free(slab);

    const std::uint64_t inside = offset - piece * piece_bytes_;
    const std::uint64_t count = std::min(nbytes, piece_bytes_ - inside);
    std::memcpy(buffer, ring_.data(slab) + inside, count);
    return count;
  }

 private:
  static std::size_t slab_of(std::uint64_t piece) { return piece % 2; }

  // Queues the copy of a piece to its slab, unless the piece is beyond the end or was queued
  // before.
  void fetch(std::uint64_t piece, const c10::Stream& stream) {
    const std::uint64_t begin = piece * piece_bytes_;
    std::optional<std::uint64_t>& current = pieces_[slab_of(piece)];
    if (begin >= nbytes_ || current == piece) return;
    current.reset();
    ring_.wait_until_free(slab_of(piece));
    const std::uint64_t count = std::min(piece_bytes_, nbytes_ - begin);
    byte_view(ring_.slab(slab_of(piece)), 0, count)
        .copy_(byte_view(tensor_, begin, count), /*non_blocking=*/true);
    ring_.mark_copied(slab_of(piece), stream);
    current = piece;
  }

  at::Tensor tensor_;
  std::uint64_t nbytes_;
  std::uint64_t piece_bytes_;
  PinnedRing ring_;
  std::array<std::optional<std::uint64_t>, 2> pieces_;  // by slab
};

DeviceReader::DeviceReader(const at::Tensor& tensor) : tensor_(tensor) {}

DeviceReader::~DeviceReader() = default;

void DeviceReader::read(std::uint64_t offset, MutableBytes buffer) {
  const c10::NoGradGuard no_grad;
  const auto stream = asynchronous_stream(tensor_.device());
  if (!stream) {
    byte_view(borrowed_host_storage(buffer.data(), buffer.size()), 0, buffer.size())
        .copy_(byte_view(tensor_, offset, buffer.size()));
    return;
  }
  // Kept for the next call only if this one succeeds.
  auto pieces = pieces_ ? std::move(pieces_) : std::make_unique<Pieces>(tensor_);
  for (std::uint64_t done = 0; done < buffer.size();)
    done += pieces->copy_out(offset + done, buffer.data() + done, buffer.size() - done, *stream);
  if (offset + buffer.size() < tensor_.nbytes()) pieces_ = std::move(pieces);
}

}  // namespace safetensors
