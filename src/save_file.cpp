#include <algorithm>
#include <vector>

#include "io/posix/memory.h"
#include "io/posix/atomic_file.h"
#include "save.h"

namespace st {
namespace {

constexpr std::uint64_t batch_bytes = 16 << 20;
constexpr std::size_t batch_pieces = 1024;
constexpr std::uint64_t fill_size = 4 << 20;

// Collects what lies anywhere in memory into few large writes. The bytes are never touched here:
// they may be mapped from a file that was shortened.
class Writer {
 public:
  Writer(NewFile* file, std::uint64_t total, const Progress& progress)
      : file_(file), total_(total), progress_(progress) {
    pieces_.reserve(batch_pieces);
  }

  void add(const void* bytes, std::uint64_t count) {
    while (count > 0) {
      const std::uint64_t piece = std::min(count, batch_bytes - waiting_);
      pieces_.push_back({const_cast<void*>(bytes), static_cast<std::size_t>(piece)});
      bytes = static_cast<const std::byte*>(bytes) + piece;
      count -= piece;
      waiting_ += piece;
      if (waiting_ == batch_bytes || pieces_.size() == batch_pieces) flush();
    }
  }

  void flush() {
    if (waiting_ == 0) return;
    file_->write(pieces_);
    done_ += waiting_;
    waiting_ = 0;
    pieces_.clear();
    report_progress(progress_, done_, total_);
  }

 private:
  NewFile* file_;
  std::uint64_t total_;
  const Progress& progress_;
  std::vector<iovec> pieces_;
  std::uint64_t waiting_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace

void save_to_file(const char* path, std::span<const TensorToSave> tensors, const SavePlan& plan,
                  const FileRules& rules, const Progress& progress) {
  NewFile file(find_target(path), rules.mode, plan.file_size,
               rules.durability == Durability::fsync);
  Writer writer(&file, plan.file_size, progress);
  Bytes filled;  // one piece of a tensor that comes through a callback
  writer.add(plan.head.data(), plan.head.size());
  for (const std::uint32_t i : plan.order) {
    const TensorToSave& tensor = tensors[i];
    if (tensor.data) {
      writer.add(tensor.data, tensor.nbytes);
      continue;
    }
    for (std::uint64_t offset = 0; offset < tensor.nbytes; offset += fill_size) {
      if (!filled.data) filled = allocate_bytes(fill_size);
      const std::uint64_t count = std::min(fill_size, tensor.nbytes - offset);
      fill_piece(tensor, offset, filled.writable, count);
      writer.add(filled.data, count);
      writer.flush();  // before the piece is filled again
    }
  }
  writer.flush();
  file.commit();
}

}  // namespace st
