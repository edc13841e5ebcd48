#include "error.h"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <string>

#include "format/utf8.h"

using namespace st;

namespace {

std::string text(const Message& message) {
  return message.c_str();
}
std::string quoted(std::string_view bytes) {
  return text(Message() << Quoted{bytes});
}

}  // namespace

TEST_CASE("a message is made of text and numbers") {
  CHECK(text(Message() << "at " << std::uint64_t{0} << " of " << UINT64_MAX) ==
        "at 0 of 18446744073709551615");
}

TEST_CASE("quoted text is printable") {
  CHECK(quoted("plain") == "\"plain\"");
  CHECK(quoted("") == "\"\"");
  CHECK(quoted("say \"no\\\"") == "\"say \\\"no\\\\\\\"\"");
  CHECK(quoted(std::string_view("a\0b", 3)) == "\"a\\x00b\"");
  CHECK(quoted("\x1b[31m\n\x7f") == "\"\\x1b[31m\\x0a\\x7f\"");
  CHECK(quoted("\xc2\x85") == "\"\\u0085\"");  // a control character of two bytes
  CHECK(quoted("g\xc3\xa9") == "\"g\xc3\xa9\"");
  // What a reader would not see, or see in another order: a zero width space, an override of the
  // direction, its end, a byte order mark. Their neighbours stay.
  CHECK(quoted("a\xe2\x80\x8b\xe2\x80\xae") == "\"a\\u200b\\u202e\"");
  CHECK(quoted("\xe2\x81\xa9\xef\xbb\xbf") == "\"\\u2069\\ufeff\"");
  CHECK(quoted("\xe2\x80\x90\xe2\x80\xaf") == "\"\xe2\x80\x90\xe2\x80\xaf\"");
  CHECK(quoted("\xff\xc3") == "\"\\xff\\xc3\"");
}

TEST_CASE("the middle of long quoted text is left out") {
  const std::string shown = quoted(std::string(300, 'a') + std::string(300, 'z'));
  CHECK(shown == '"' + std::string(40, 'a') + "..." + std::string(40, 'z') + '"');
}

TEST_CASE("a long message is cut between characters and ends in NUL") {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    Message message;
    message << std::string(shift, 'x');
    for (int i = 0; i < 200; ++i)
      message << "\xf0\x9f\x98\x80";
    const std::string cut = text(message);
    CHECK(cut.size() < message_size);
    CHECK(cut.size() >= message_size - 4);
    CHECK(is_utf8(cut));
  }
}

TEST_CASE("an error carries what it was given") {
  const Error error(Code::offset, Message() << "here", 42, 5);
  CHECK(error.code() == Code::offset);
  CHECK(error.position() == 42);
  CHECK(error.os_error() == 5);
  CHECK(std::strcmp(error.what(), "here") == 0);
  CHECK(Error(Code::io, Message()).position() == no_position);
}
