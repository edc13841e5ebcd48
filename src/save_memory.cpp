#include <algorithm>
#include <cstring>

#include "save.h"

namespace st {

void save_to_memory(void* buffer, std::span<const TensorToSave> tensors, const SavePlan& plan,
                    const Progress& progress) {
  constexpr std::uint64_t largest_piece = 16 << 20;
  auto* const start = static_cast<std::byte*>(buffer);
  std::memcpy(start, plan.head.data(), plan.head.size());
  std::uint64_t done = plan.head.size();
  report_progress(progress, done, plan.file_size);
  for (const std::uint32_t i : plan.order) {
    const TensorToSave& tensor = tensors[i];
    for (std::uint64_t offset = 0; offset < tensor.nbytes;) {
      const std::uint64_t count = std::min(largest_piece, tensor.nbytes - offset);
      if (tensor.data) {
        std::memcpy(start + done, tensor.data + offset, static_cast<std::size_t>(count));
      } else {
        fill_piece(tensor, offset, start + done, count);
      }
      offset += count;
      done += count;
      report_progress(progress, done, plan.file_size);
    }
  }
}

}  // namespace st
