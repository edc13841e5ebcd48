#include "distributed/byte_stream.h"

namespace safetensors {

namespace {

Error incomplete() {
  return Error(ST_E_INTERNAL, "another process sent a message that ends early");
}

}  // namespace

void ByteWriter::number(std::uint64_t number) {
  while (number >= 0x80) {
    bytes_.push_back(static_cast<std::byte>(number | 0x80));
    number >>= 7;
  }
  bytes_.push_back(static_cast<std::byte>(number));
}

void ByteWriter::text(std::string_view text) {
  number(text.size());
  for (const char c : text)
    bytes_.push_back(static_cast<std::byte>(c));
}

std::uint64_t ByteReader::number() {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (position_ == bytes_.size()) break;
    const auto byte = static_cast<std::uint64_t>(bytes_[position_++]);
    number |= (byte & 0x7f) << shift;
    if (byte < 0x80) return number;
  }
  throw incomplete();
}

std::string ByteReader::text() {
  const std::uint64_t length = number();
  if (length > bytes_.size() - position_) throw incomplete();
  const auto* const first = reinterpret_cast<const char*>(bytes_.data()) + position_;
  position_ += length;
  return std::string(first, length);
}

}  // namespace safetensors
