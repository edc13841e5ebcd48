// Numbers and texts as bytes to send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <safetensors/safetensors.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace safetensors {

class ByteWriter {
 public:
  // As LEB128: seven bits a byte, the lowest first.
  void number(std::uint64_t number);
  void text(std::string_view text);

  std::vector<std::byte>& bytes() noexcept { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// Reads what a ByteWriter wrote, in the same order. Throws Error ST_E_INTERNAL at the end of the
// bytes.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : bytes_(bytes) {}

  std::uint64_t number();
  std::string text();

 private:
  Bytes bytes_;
  std::size_t position_ = 0;
};

}  // namespace safetensors
