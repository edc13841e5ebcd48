// JsonReader: reads a JSON text value by value and stores none of them, so that memory does not
// depend on values that the caller skips. It accepts what the library accepts.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace safetensors::cli {

// The text is not JSON, or a value has another type than the one that is read.
struct JsonError : std::runtime_error {
  JsonError(std::size_t at, const std::string& reason)
      : std::runtime_error(reason + " at byte " + std::to_string(at)),
        position(at),
        message(reason) {}

  std::size_t position;
  std::string message;  // without the position
};

// Every function throws JsonError. A copy continues at the same place.
class JsonReader {
 public:
  enum class Type { Null, Boolean, Number, String, Array, Object };

  explicit JsonReader(std::string_view text) : text_(text) {}

  // The type of the next value.
  Type type();
  bool is_object() { return type() == Type::Object; }
  bool is_array() { return type() == Type::Array; }
  bool is_string() { return type() == Type::String; }
  bool is_number() { return type() == Type::Number; }

  // for (reader.begin_object(); reader.next_member(&key);) reads or skips one value each time.
  // The end of the object is read by the call that returns false.
  void begin_object() { begin('{'); }
  bool next_member(std::string* key);
  void begin_array() { begin('['); }
  bool next_item();

  // A string without its escapes.
  std::string read_string();
  // The text of a number, a boolean or null.
  std::string_view read_scalar();
  // Reads any value; returns its text.
  std::string_view skip();
  // Fails unless only whitespace follows.
  void read_end();

  std::size_t position() const { return at_; }

 private:
  [[noreturn]] void fail(const std::string& reason) const { throw JsonError(at_, reason); }
  void skip_space();
  bool take(char c);
  void begin(char bracket);
  bool next(char bracket);
  // `out` may be null.
  void read_string_to(std::string* out);
  void read_escape(std::string* out);
  char32_t read_utf16_unit();

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool is_first_ = true;  // no member or item of the innermost array or object was read
};

}  // namespace safetensors::cli
