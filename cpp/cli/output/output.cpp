#include "cli/output/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/exit_code.h"

namespace safetensors::cli {

namespace {

constexpr std::size_t buffer_size = 1 << 16;
constexpr std::size_t unlimited_width = 1 << 30;

bool wants_colors() {
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  return !(no_color && *no_color) && term && *term && std::strcmp(term, "dumb") != 0;
}

const char* code_of(Style style) {
  switch (style) {
    case Style::Bold:
      return "1";
    case Style::Dim:
      return "2";
    case Style::Red:
      return "31";
    case Style::Green:
      return "32";
    case Style::Yellow:
      return "33";
    case Style::Plain:
      break;
  }
  return "0";
}

}  // namespace

std::size_t terminal_width(int descriptor) {
  if (isatty(descriptor) != 1) return 0;
  if (const char* const columns = std::getenv("COLUMNS")) {
    const long width = std::strtol(columns, nullptr, 10);
    if (width > 0 && width < 100000) return static_cast<std::size_t>(width);
  }
  winsize size{};
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

Output::Output()
    : width_(terminal_width(STDOUT_FILENO)),
      is_terminal_(width_ != 0),
      has_colors_(is_terminal_ && wants_colors()) {
  if (!is_terminal_) width_ = unlimited_width;
}

void Output::print(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= buffer_size) flush();
}

void Output::print_line(std::string_view text) {
  print(text);
  print("\n");
}

void Output::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = write(STDOUT_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      buffer_.clear();
      if (error == EPIPE) throw ClosedPipe();
      throw IoError(std::string("cannot write to stdout: ") + std::strerror(error));
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

std::string Output::painted(Style style, std::string text) const {
  if (!has_colors_ || style == Style::Plain) return text;
  return std::string("\x1b[") + code_of(style) + "m" + text + "\x1b[0m";
}

}  // namespace safetensors::cli
