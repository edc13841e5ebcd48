#include "writer.h"

#include <utility>

#include "error.h"

namespace st {

Writer::Writer(const char* path, std::span<const TensorToSave> tensors, const SavePlan& plan,
               const FileOptions& options)
    : path_(path), tensors_(tensors.size()) {
  std::uint64_t place = plan.header_bytes.size();
  for (const std::uint32_t i : plan.order) {
    tensors_[i] = {std::string(tensors[i].name), place, place + tensors[i].nbytes};
    place += tensors[i].nbytes;
  }
  file_ = create_atomic_file(path, options, plan.file_size, WriteOrder::any);
  file_->write_at(0, std::as_bytes(std::span(plan.header_bytes)));
  written_.add(0, plan.header_bytes.size());
}

void Writer::write(std::uint64_t index, std::uint64_t offset, std::span<const std::byte> bytes) {
  require_open();
  if (index >= tensors_.size()) {
    throw Error(Code::out_of_range, Message() << "tensor index " << index << ", but the writer has "
                                              << std::uint64_t{tensors_.size()} << " tensors");
  }
  const Declared& tensor = tensors_[static_cast<std::size_t>(index)];
  const std::uint64_t nbytes = tensor.end - tensor.begin;
  if (offset > nbytes || bytes.size() > nbytes - offset) {
    throw Error(Code::out_of_range, Message()
                                        << "tensor " << Quoted{tensor.name} << " has " << nbytes
                                        << " bytes: cannot write " << std::uint64_t{bytes.size()}
                                        << " bytes at offset " << offset);
  }
  const std::uint64_t begin = tensor.begin + offset;
  const std::uint64_t end = begin + bytes.size();
  try {
    file_->write_at(begin, bytes);
    const std::lock_guard<std::mutex> lock(mutex_);
    written_.add(begin, end);
  } catch (...) {
    // The file has a part of the new bytes, perhaps in place of others.
    const std::lock_guard<std::mutex> lock(mutex_);
    written_.remove(begin, end);
    throw;
  }
}

void Writer::commit() {
  require_open();
  require_complete();
  const std::unique_ptr<AtomicFile> file = std::move(file_);
  file->commit();
}

void Writer::require_open() const {
  if (file_) return;
  throw Error(Code::invalid_argument,
              Message() << "the writer of " << Quoted{path_}
                        << " was committed, or its commit failed: it can only be freed");
}

// Names the first few tensors, in the order in which they were declared.
void Writer::require_complete() const {
  constexpr std::uint64_t most_names = 3;
  std::uint64_t count = 0, position = no_position;
  Message names;
  for (const Declared& tensor : tensors_) {
    const std::uint64_t missing = written_.first_missing(tensor.begin, tensor.end);
    if (missing == tensor.end) continue;
    if (++count > most_names) continue;
    names << (count == 1 ? "" : ", ") << Quoted{tensor.name};
    if (count > 1) continue;
    names << " (from byte " << (missing - tensor.begin) << " on)";
    position = missing;
  }
  if (count == 0) return;
  if (count > most_names) names << ", ...";
  throw Error(Code::incomplete,
              Message() << "cannot commit " << Quoted{path_} << ": " << count << " of "
                        << std::uint64_t{tensors_.size()}
                        << " tensors lack bytes: " << names.c_str(),
              position);
}

}  // namespace st
