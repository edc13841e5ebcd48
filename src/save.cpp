#include "save.h"

#include "error.h"

namespace st {

void fill_piece(const TensorToSave& tensor, std::uint64_t offset, void* buffer,
                std::uint64_t count) {
  const std::int32_t failure = tensor.fill(tensor.user_data, offset, buffer, count);
  if (failure == -1) {
    throw Error(Code::cancelled, Message() << "tensor " << Quoted{tensor.name}
                                           << ": its fill callback cancelled the save");
  }
  if (failure != 0) {
    throw Error(Code::io,
                Message() << "tensor " << Quoted{tensor.name} << ": its fill callback failed on "
                          << count << " bytes at " << offset,
                no_position, failure);
  }
}

void report_progress(const Progress& progress, std::uint64_t done, std::uint64_t total) {
  if (progress.report && progress.report(progress.user_data, done, total) != 0) {
    throw Error(Code::cancelled, Message() << "cancelled by the progress callback after " << done
                                           << " of " << total << " bytes");
  }
}

}  // namespace st
