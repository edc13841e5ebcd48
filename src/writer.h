// Writes the file of a SavePlan in pieces, in any order and from any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "format/header_write.h"
#include "interval_set.h"
#include "io/platform.h"

namespace st {

class Writer {
 public:
  // Creates the file and writes its header. Ignores the tensors' data and fill callbacks, and
  // refers to neither the tensors nor the plan afterwards.
  Writer(const char* path, std::span<const TensorToSave> tensors, const SavePlan& plan,
         const FileOptions& options);

  // Writes bytes of the tensor at `index` of the constructor's tensors. Any number of threads may
  // call it at once. If it throws, the bytes that it should have written count as missing.
  // Throws Code::out_of_range before it writes anything, Code::io, ...
  void write(std::uint64_t index, std::uint64_t offset, std::span<const std::byte> bytes);

  // Replaces the file at the path. Throws Code::incomplete if bytes are missing: the writer is
  // unchanged. After success and after every other error, write() and commit() throw
  // Code::invalid_argument.
  void commit();

 private:
  struct Declared {
    std::string name;
    std::uint64_t begin = 0;  // in the file
    std::uint64_t end = 0;
  };

  void require_open() const;
  void require_complete() const;

  std::string path_;  // for messages
  std::vector<Declared> tensors_;
  std::unique_ptr<AtomicFile> file_;  // null after commit()
  std::mutex mutex_;
  IntervalSet written_;  // of the file; protected by mutex_
};

}  // namespace st
