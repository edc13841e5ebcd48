// RawFile: reads a file that may not be a valid safetensors file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

class RawFile {
 public:
  // Throws IoError, also for what is not a regular file.
  explicit RawFile(const std::string& path);
  ~RawFile();
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  std::uint64_t size() const { return size_; }

  // Throws IoError if the size or the modification time differs from when the file was opened.
  void verify_unchanged() const;

  // Fills `buffer` with the bytes at `offset`. Throws IoError, also beyond the end.
  void read_at(std::uint64_t offset, MutableBytes buffer) const;

  // The bytes at `offset`, fewer at the end of the file.
  std::string text_at(std::uint64_t offset, std::size_t nbytes) const;

  // Whether all bytes from `begin` to `end` are 0, of which at most `limit` are read.
  bool is_zero(std::uint64_t begin, std::uint64_t end, std::uint64_t limit) const;

  // The number of bytes at the begin that are 0, of which at most `limit` are read.
  std::uint64_t leading_zeros(std::uint64_t limit) const;

  // Bytes of holes, which were never written, from `begin` on; 0 where the file system has none.
  std::uint64_t hole_bytes(std::uint64_t begin) const;

 private:
  std::string path_;
  int descriptor_;
  std::uint64_t size_ = 0;
  std::int64_t modified_ = 0;  // nanoseconds
};

}  // namespace safetensors::cli
