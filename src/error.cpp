#include "error.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "format/hex.h"
#include "format/utf8.h"

namespace st {

void Message::append(const char* bytes, std::size_t count) noexcept {
  const std::size_t room = message_size - 1 - length_;
  std::size_t taken = std::min(count, room);
  // A UTF-8 sequence is not cut.
  while (taken < count && taken > 0 && (static_cast<unsigned char>(bytes[taken]) & 0xC0) == 0x80) {
    --taken;
  }
  std::memcpy(text_ + length_, bytes, taken);
  length_ += taken;
  text_[length_] = '\0';
}

Message& Message::operator<<(std::string_view text) noexcept {
  append(text.data(), text.size());
  return *this;
}

Message& Message::operator<<(std::uint64_t number) noexcept {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  append(digits, static_cast<std::size_t>(end - digits));
  return *this;
}

void Message::append_escaped(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const std::size_t length = utf8_sequence_length(bytes);
    const std::string_view sequence = bytes.substr(0, std::max<std::size_t>(length, 1));
    const auto byte = static_cast<unsigned char>(bytes[0]);
    if (length == 0 || (length == 1 && utf8_is_invisible(sequence))) {
      char digits[2];
      write_hex(digits, byte);
      append("\\x", 2);
      append(digits, sizeof digits);
    } else if (utf8_is_invisible(sequence)) {
      char digits[4];
      write_hex(digits, utf8_character(sequence));
      append("\\u", 2);
      append(digits, sizeof digits);
    } else {
      if (byte == '"' || byte == '\\') append("\\", 1);
      append(sequence.data(), sequence.size());
    }
    bytes.remove_prefix(sequence.size());
  }
}

Message& Message::operator<<(Quoted quoted) noexcept {
  const std::string_view bytes = quoted.bytes;
  constexpr std::size_t longest = 96;
  constexpr std::size_t kept = 40;  // at either end
  append("\"", 1);
  if (bytes.size() <= longest) {
    append_escaped(bytes);
  } else {
    std::size_t head = kept;
    while (head > 0 && (static_cast<unsigned char>(bytes[head]) & 0xC0) == 0x80)
      --head;
    std::size_t tail = bytes.size() - kept;
    while (tail < bytes.size() && (static_cast<unsigned char>(bytes[tail]) & 0xC0) == 0x80)
      ++tail;
    append_escaped(bytes.substr(0, head));
    append("...", 3);
    append_escaped(bytes.substr(tail));
  }
  append("\"", 1);
  return *this;
}

}  // namespace st
