// Appends to a file with O_DIRECT, in large aligned blocks.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "io/bytes.h"

namespace st {

class DirectWrite {
 public:
  // Nothing if the file system or the kernel cannot. `descriptor` stays the caller's and has
  // O_DIRECT until finish(). `path`, for messages, must outlive the object.
  static std::optional<DirectWrite> start(int descriptor, std::string_view path);

  // Copies the pieces and writes whole blocks. Returns false if the kernel cannot copy them here,
  // for example from a device's memory: call finish() and write what remains of `pieces` with
  // write_pieces().
  bool append(std::span<iovec>* pieces);

  // Writes the remaining bytes, the last ones through the page cache. Returns the count of bytes
  // appended in all.
  std::uint64_t finish();

 private:
  DirectWrite(int descriptor, std::string_view path, Bytes block) noexcept;

  void write_block(std::uint64_t count);

  int descriptor_;
  std::string_view path_;
  Bytes block_;
  std::uint64_t held_ = 0;     // bytes in the block
  std::uint64_t written_ = 0;  // bytes before them
};

}  // namespace st
