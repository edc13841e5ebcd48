// JsonValue: a parsed JSON text, for metadata values, indexes and damaged headers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace safetensors::cli {

struct JsonMember;

struct JsonValue {
  enum class Type { Null, Boolean, Number, String, Array, Object };

  Type type = Type::Null;
  std::string text;  // of a string, without escapes; of another scalar, as in the JSON text
  std::vector<JsonValue> items;
  std::vector<JsonMember> members;  // in order, duplicates included

  // The first member with this key; nullptr without one.
  const JsonValue* find(std::string_view key) const;
  bool is_object() const { return type == Type::Object; }
  bool is_array() const { return type == Type::Array; }
  bool is_string() const { return type == Type::String; }
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

struct JsonError {
  std::size_t position = 0;
  std::string message;
};

// Parses one JSON value with optional whitespace around it. Nesting is limited to 128 levels. On
// failure *error has the reason.
std::optional<JsonValue> parse_json(std::string_view text, JsonError* error = nullptr);

// The same, but stops after the value; *end is where it ends.
std::optional<JsonValue> parse_json_prefix(std::string_view text, std::size_t* end,
                                           JsonError* error = nullptr);

// The value in indented lines; short arrays and objects of scalars are on one line.
std::string pretty_json(const JsonValue& value, std::size_t indent = 0);

}  // namespace safetensors::cli
