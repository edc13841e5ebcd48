// Output: what the command prints to stdout, and what is known about the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace safetensors::cli {

enum class Style { Plain, Bold, Dim, Red, Green, Yellow };

class Output {
 public:
  Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Adds bytes to stdout, through a buffer. Throws ClosedPipe, or IoError.
  void print(std::string_view text);
  void print_line(std::string_view text = {});
  void flush();

  // The text with the codes of a style around it if stdout is a terminal with colours.
  std::string painted(Style style, std::string text) const;

  bool is_terminal() const { return is_terminal_; }
  // Columns of the terminal; a large number if stdout is not a terminal.
  std::size_t width() const { return width_; }

  bool json = false;  // the option --json

 private:
  std::string buffer_;
  std::size_t width_;
  bool is_terminal_;
  bool has_colors_;
};

// Columns of the terminal of a descriptor; 0 if it is not a terminal.
std::size_t terminal_width(int descriptor);

}  // namespace safetensors::cli
