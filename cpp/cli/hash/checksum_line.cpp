#include "cli/hash/checksum_line.h"

namespace safetensors::cli {

namespace {

constexpr std::string_view xxh3_prefix = "XXH3_";
constexpr std::size_t sha256_digits = 64, xxh3_digits = 16;

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The text without its escapes; nothing for an unknown escape.
std::optional<std::string> unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    const char escape = ++i < text.size() ? text[i] : '\0';
    if (escape != '\\' && escape != 'n' && escape != 'r') return std::nullopt;
    result += escape == 'n' ? '\n' : escape == 'r' ? '\r' : '\\';
  }
  return result;
}

}  // namespace

std::string checksum_text(const ChecksumLine& line) {
  std::string name;
  for (const char c : line.name) {
    if (c == '\\')
      name += "\\\\";
    else if (c == '\n')
      name += "\\n";
    else if (c == '\r')
      name += "\\r";
    else
      name += c;
  }
  std::string text = name.size() == line.name.size() ? "" : "\\";
  if (line.algorithm == HashAlgorithm::Xxh3) text += xxh3_prefix;
  return text + line.hash + "  " + name;
}

std::optional<ChecksumLine> parse_checksum_line(std::string_view text) {
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  const bool is_escaped = !text.empty() && text[0] == '\\';
  if (is_escaped) text.remove_prefix(1);
  ChecksumLine line;
  std::size_t digits = sha256_digits;
  if (text.substr(0, xxh3_prefix.size()) == xxh3_prefix) {
    line.algorithm = HashAlgorithm::Xxh3;
    digits = xxh3_digits;
    text.remove_prefix(xxh3_prefix.size());
  }
  // After the digits, a space, and a space or for binary files an asterisk.
  if (text.size() < digits + 3 || text[digits] != ' ') return std::nullopt;
  if (text[digits + 1] != ' ' && text[digits + 1] != '*') return std::nullopt;
  for (const char c : text.substr(0, digits)) {
    if (!is_hex_digit(c)) return std::nullopt;
    line.hash += static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  }
  const std::string_view name = text.substr(digits + 2);
  const auto plain = is_escaped ? unescaped(name) : std::string(name);
  if (!plain) return std::nullopt;
  line.name = *plain;
  return line;
}

}  // namespace safetensors::cli
