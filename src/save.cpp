#include "save.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "error.h"

namespace st {
namespace {

constexpr std::uint64_t batch_bytes = 16 << 20;
constexpr std::size_t batch_pieces = 1024;
constexpr std::uint64_t fill_size = 4 << 20;

using Pieces = std::span<const std::span<const std::byte>>;

// Batches pieces of memory into few large calls of `write(pieces)`. It never reads them: they may
// belong to a mapping whose file was truncated.
template <class Write>
class BatchWriter {
 public:
  BatchWriter(Write write, const Progress& progress, std::uint64_t done, std::uint64_t total)
      : write_(std::move(write)), total_(total), progress_(progress), done_(done) {
    pieces_.reserve(batch_pieces);
  }

  void add(const void* bytes, std::uint64_t count) {
    const auto* place = static_cast<const std::byte*>(bytes);
    while (count > 0) {
      const std::uint64_t piece = std::min(count, batch_bytes - waiting_);
      pieces_.emplace_back(place, static_cast<std::size_t>(piece));
      place += piece;
      count -= piece;
      waiting_ += piece;
      if (waiting_ == batch_bytes || pieces_.size() == batch_pieces) flush();
    }
  }

  void flush() {
    if (waiting_ == 0) return;
    write_(Pieces(pieces_));
    done_ += waiting_;
    waiting_ = 0;
    pieces_.clear();
    report_progress(progress_, done_, total_);
  }

 private:
  Write write_;
  std::uint64_t total_;
  const Progress& progress_;
  std::vector<std::span<const std::byte>> pieces_;
  std::uint64_t waiting_ = 0;
  std::uint64_t done_;
};

// Passes the bytes of the file to `write(pieces)` in order. Progress counts from `done` on.
template <class Write>
void save_in_order(std::span<const TensorToSave> tensors, const SavePlan& plan,
                   const Progress& progress, std::uint64_t done, std::uint64_t total, Write write) {
  BatchWriter<Write> writer(std::move(write), progress, done, total);
  Bytes filled;  // one piece of a tensor that has a fill callback
  writer.add(plan.header_bytes.data(), plan.header_bytes.size());
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
      writer.flush();  // before the buffer is filled again
    }
  }
  writer.flush();
}

void pass_piece(const Sink& sink, std::uint64_t offset, std::span<const std::byte> piece) {
  run_callback(
      offset, [&] { return sink.callback(sink.user_data, offset, piece.data(), piece.size()); },
      [&](Message& message) {
        message << "the write callback for " << std::uint64_t{piece.size()} << " bytes at offset "
                << offset;
      });
}

}  // namespace

void fill_piece(const TensorToSave& tensor, std::uint64_t offset, void* buffer,
                std::uint64_t count) {
  run_callback(
      no_position, [&] { return tensor.fill(tensor.user_data, offset, buffer, count); },
      [&](Message& message) {
        message << "tensor " << Quoted{tensor.name} << ": the fill callback for " << count
                << " bytes at offset " << offset;
      });
}

void require_bytes(std::span<const TensorToSave> tensors) {
  for (const TensorToSave& tensor : tensors) {
    if (tensor.data || tensor.fill || tensor.nbytes == 0) continue;
    throw Error(Code::invalid_argument,
                Message() << "tensor " << Quoted{tensor.name}
                          << " is declared without its bytes: only a writer can save it");
  }
}

void report_progress(const Progress& progress, std::uint64_t done, std::uint64_t total) {
  if (!progress.callback) return;
  run_callback(
      no_position, [&] { return progress.callback(progress.user_data, done, total); },
      [&](Message& message) {
        message << "the progress callback, after " << done << " of " << total << " bytes,";
      });
}

void write_file(AtomicFile* file, std::span<const TensorToSave> tensors, const SavePlan& plan,
                const Progress& progress, std::uint64_t done, std::uint64_t total) {
  save_in_order(tensors, plan, progress, done, total, [&](Pieces pieces) { file->write(pieces); });
  file->commit();
}

void save_to_file(const char* path, std::span<const TensorToSave> tensors, const SavePlan& plan,
                  const FileOptions& options, const Progress& progress) {
  require_bytes(tensors);
  const auto file = create_atomic_file(path, options, plan.file_size);
  write_file(file.get(), tensors, plan, progress, 0, plan.file_size);
}

void save_to_sink(const Sink& sink, std::span<const TensorToSave> tensors, const SavePlan& plan,
                  const Progress& progress) {
  require_bytes(tensors);
  std::uint64_t offset = 0;
  save_in_order(tensors, plan, progress, 0, plan.file_size, [&](Pieces pieces) {
    for (const auto& piece : pieces) {
      pass_piece(sink, offset, piece);
      offset += piece.size();
    }
  });
}

void save_to_memory(void* buffer, std::span<const TensorToSave> tensors, const SavePlan& plan,
                    const Progress& progress) {
  require_bytes(tensors);
  auto* const start = static_cast<std::byte*>(buffer);
  std::memcpy(start, plan.header_bytes.data(), plan.header_bytes.size());
  std::uint64_t done = plan.header_bytes.size();
  report_progress(progress, done, plan.file_size);
  for (const std::uint32_t i : plan.order) {
    const TensorToSave& tensor = tensors[i];
    for (std::uint64_t offset = 0; offset < tensor.nbytes;) {
      const std::uint64_t count = std::min(batch_bytes, tensor.nbytes - offset);
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
