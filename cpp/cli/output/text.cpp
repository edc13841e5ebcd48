#include "cli/output/text.h"

#include <clocale>
#include <cstdio>
#include <cwchar>

#include "names/characters.h"

namespace safetensors::cli {

namespace {

constexpr std::size_t most_combining = 3;

struct Range {
  char32_t first, last;
};

// More characters without a shape of their own, which wcwidth() may accept.
constexpr Range shapeless_ranges[] = {
    {0x00AD, 0x00AD}, {0x034F, 0x034F},   {0x115F, 0x1160},   {0x17B4, 0x17B5}, {0x180B, 0x180F},
    {0x3164, 0x3164}, {0xE000, 0xF8FF},   {0xFE00, 0xFE0F},   {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB},
    {0xFFFE, 0xFFFF}, {0x1D173, 0x1D17A}, {0xE0000, 0x10FFFF}};

bool has_shape(char32_t c) {
  if (is_invisible(c)) return false;
  for (const Range& range : shapeless_ranges)
    if (c >= range.first && c <= range.last) return false;
  return true;
}

// Columns of a character; -1 for one that cannot be printed.
int character_width(char32_t c) {
  if (c < 0x7F) return 1;
  // wcwidth() knows characters beyond ASCII in a UTF-8 locale only.
  static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (utf8 == nullptr) return 1;
  const locale_t before = uselocale(utf8);
  const int width = wcwidth(static_cast<wchar_t>(c));
  uselocale(before);
  return width;
}

std::string escaped(char32_t c) {
  char text[16];
  const char* const format = c < 0x80 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
  std::snprintf(text, sizeof text, format, static_cast<unsigned>(c));
  return text;
}

bool is_plain(std::string_view text) {
  for (const char c : text)
    if (c < 0x20 || c > 0x7E || c == '\\') return false;
  return true;
}

// Calls `add(text, width)` for each character in its printable form.
template <class Add>
void for_each_printable(std::string_view text, bool keep_lines, Add add) {
  std::size_t combining = most_combining;  // none may come first
  while (!text.empty()) {
    const auto [code, nbytes] = decode_utf8(text);
    const std::string_view character = text.substr(0, nbytes == 0 ? 1 : nbytes);
    const int width = nbytes == 0 ? -1 : character_width(code);
    if (nbytes == 0) {
      add(escaped(static_cast<unsigned char>(text[0])), 4);
    } else if (keep_lines && (code == '\n' || code == '\t')) {
      add(std::string(character), code == '\n' ? 0 : 1);
    } else if (code == '\\' && !keep_lines) {
      add(std::string("\\\\"), 2);
    } else if (!has_shape(code) || width < 0 || (width == 0 && combining == most_combining)) {
      const std::string escape = escaped(code);
      add(escape, static_cast<int>(escape.size()));
    } else {
      combining = width == 0 ? combining + 1 : 0;
      add(std::string(character), width);
    }
    text.remove_prefix(character.size());
  }
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const std::size_t nbytes = decode_utf8(text).nbytes;
    valid += nbytes == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, nbytes);
    text.remove_prefix(nbytes == 0 ? 1 : nbytes);
  }
  return valid;
}

Cell readable(std::string_view text, bool keep_lines) {
  if (is_plain(text)) return {std::string(text), text.size()};
  Cell cell;
  for_each_printable(text, keep_lines, [&](const std::string& printable, int width) {
    cell.text += printable;
    cell.width += static_cast<std::size_t>(width);
  });
  return cell;
}

std::size_t readable_width(std::string_view text) {
  return is_plain(text) ? text.size() : readable(text).width;
}

Cell fitted(std::string_view text, std::size_t width) {
  Cell whole = readable(text);
  if (whole.width <= width) return whole;
  if (width < 4) return {std::string(width, '.'), width};
  const std::size_t head = (width - 3) / 2, tail = width - 3 - head;
  Cell cell;
  std::size_t column = 0;
  bool is_cut = false;
  for_each_printable(text, false, [&](const std::string& printable, int columns) {
    const std::size_t begin = column, end = column += static_cast<std::size_t>(columns);
    if (!is_cut && end > head) {
      cell.text += "...";
      cell.width += 3;
      is_cut = true;
    }
    if (end <= head || begin >= whole.width - tail) {
      cell.text += printable;
      cell.width += static_cast<std::size_t>(columns);
    }
  });
  return cell;
}

std::string padded(const Cell& cell, std::size_t width, bool right) {
  const std::string spaces(width > cell.width ? width - cell.width : 0, ' ');
  return right ? spaces + cell.text : cell.text + spaces;
}

}  // namespace safetensors::cli
