#include "cli/input/pretty_json.h"

#include <utility>

#include "cli/input/json_reader.h"
#include "cli/output/json.h"

namespace safetensors::cli {

namespace {

constexpr std::size_t longest_line = 76;
constexpr std::size_t largest_text = std::size_t{8} << 20;

std::string scalar_text(JsonReader& reader) {
  return reader.is_string() ? json_string(reader.read_string()) : std::string(reader.read_scalar());
}

class Printer {
 public:
  explicit Printer(std::string_view json) : reader_(json) {}

  // Prints the next value. Returns false if the text becomes too large.
  bool print(std::size_t indent) {
    if (text_.size() > largest_text) return false;
    if (!reader_.is_array() && !reader_.is_object()) {
      text_ += scalar_text(reader_);
      return true;
    }
    return print_line(indent) || print_lines(indent);
  }

  std::string finish() {
    reader_.read_end();
    return std::move(text_);
  }

 private:
  bool next(JsonReader& reader, bool is_array, std::string* key) const {
    return is_array ? reader.next_item() : reader.next_member(key);
  }

  // Prints an array or object of scalars on one line if it is short.
  bool print_line(std::size_t indent) {
    JsonReader ahead = reader_;
    const bool is_array = ahead.is_array();
    is_array ? ahead.begin_array() : ahead.begin_object();
    std::string line(1, is_array ? '[' : '{'), key;
    while (next(ahead, is_array, &key)) {
      if (ahead.is_array() || ahead.is_object()) return false;
      if (line.size() > 1) line += ", ";
      if (!is_array) line += json_string(key) + ": ";
      line += scalar_text(ahead);
      if (indent + line.size() + 1 > longest_line) return false;
    }
    text_ += line + (is_array ? ']' : '}');
    reader_ = ahead;
    return true;
  }

  bool print_lines(std::size_t indent) {
    const bool is_array = reader_.is_array();
    is_array ? reader_.begin_array() : reader_.begin_object();
    const std::string spaces(indent + 2, ' ');
    text_ += is_array ? '[' : '{';
    std::string key;
    for (const char* before = "\n"; next(reader_, is_array, &key); before = ",\n") {
      text_ += before + spaces;
      if (!is_array) text_ += json_string(key) + ": ";
      if (!print(indent + 2)) return false;
    }
    text_ += '\n' + std::string(indent, ' ') + (is_array ? ']' : '}');
    return true;
  }

  JsonReader reader_;
  std::string text_;
};

}  // namespace

std::optional<std::string> pretty_json(std::string_view json, std::size_t indent) {
  try {
    Printer printer(json);
    if (!printer.print(indent)) return std::nullopt;
    std::string text = printer.finish();
    return text.size() <= largest_text ? std::optional(std::move(text)) : std::nullopt;
  } catch (const JsonError&) {
    return std::nullopt;
  }
}

}  // namespace safetensors::cli
