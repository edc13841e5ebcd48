// Appends to a file past the page cache, in large aligned blocks.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>

#include "io/bytes.h"

namespace st {

class DirectWrite {
 public:
  // Nothing where the file system or the system cannot. `descriptor` stays the caller's and is
  // switched to direct writes until finish().
  static std::optional<DirectWrite> start(int descriptor);

  // Takes the pieces in and writes what makes whole blocks. Returns false if the system turns out
  // not to allow it: then finish() and write the rest, which `pieces` is left at, in the ordinary
  // way.
  bool append(std::span<iovec>* pieces);

  // Writes what is left, the last bytes through the page cache. Returns the bytes appended in all.
  std::uint64_t finish();

 private:
  DirectWrite(int descriptor, Bytes block) noexcept;

  void write_block(std::uint64_t count);

  int descriptor_;
  Bytes block_;
  std::uint64_t held_ = 0;     // bytes in the block
  std::uint64_t written_ = 0;  // bytes before them
};

}  // namespace st
