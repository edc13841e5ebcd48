// The exception of the core: a code, a position in the file, and a message in a fixed buffer, so
// that an error can be reported without the heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>

namespace st {

// The numbers are those of the C ABI.
enum class Code : std::int32_t {
  invalid_argument = 1,
  no_memory = 2,
  internal = 3,
  unsupported = 4,
  cancelled = 5,
  io = 20,
  not_found = 21,
  permission = 22,
  not_regular = 23,
  truncated = 24,
  changed = 25,
  header_too_small = 40,
  header_too_large = 41,
  header_length = 42,
  utf8 = 43,
  json = 44,
  schema = 45,
  duplicate = 46,
  dtype = 47,
  overflow = 48,
  subbyte = 49,
  size_mismatch = 50,
  offset = 51,
  coverage = 52,
  tensor_not_found = 70,
  out_of_range = 71,
  buffer_too_small = 72,
  metadata_not_found = 73,
  set_index = 90,
  set_path = 91,
  set_shard_missing = 92,
  set_tensor_missing = 93,
  set_ambiguous = 94,
  incomplete = 95,
};

inline constexpr std::uint64_t no_position = INT64_MAX;
inline constexpr std::size_t message_size = 256;

// One line of text, cut at 255 bytes, always NUL-terminated and valid UTF-8.
class Message {
 public:
  Message() noexcept { text_[0] = '\0'; }

  Message& operator<<(std::string_view text) noexcept;
  Message& operator<<(std::uint64_t number) noexcept;

  // Bytes to show in quotes: invisible characters, quotes, backslashes and bytes that are not UTF-8
  // are escaped; the middle of long text is left out.
  struct Quoted {
    std::string_view bytes;
  };
  Message& operator<<(Quoted quoted) noexcept;

  const char* c_str() const noexcept { return text_; }

 private:
  void append(const char* bytes, std::size_t count) noexcept;
  void append_escaped(std::string_view bytes) noexcept;

  char text_[message_size];
  std::size_t length_ = 0;
};

using Quoted = Message::Quoted;

class Error : public std::exception {
 public:
  Error(Code code, const Message& message, std::uint64_t position = no_position,
        int os_error = 0) noexcept
      : code_(code), os_error_(os_error), position_(position), message_(message) {}

  Code code() const noexcept { return code_; }
  int os_error() const noexcept { return os_error_; }
  std::uint64_t position() const noexcept { return position_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Code code_;
  int os_error_;
  std::uint64_t position_;
  Message message_;
};

}  // namespace st
