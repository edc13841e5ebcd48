#include "format/dcp_sharding.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "error.h"
#include "format/json_document.h"
#include "io/platform.h"

namespace st {
namespace {

using simdjson::dom::element;

Error schema_error(std::string_view name, std::string_view field, std::string_view what) {
  return Error(Code::schema, Message() << dcp_sharding_key << ": tensor " << Quoted{name} << ": "
                                       << field << what);
}

std::vector<std::uint64_t> read_numbers(std::string_view name, std::string_view field,
                                        element value) {
  simdjson::dom::array array;
  if (value.get(array)) throw schema_error(name, field, " is not an array");
  std::vector<std::uint64_t> numbers;
  for (const element item : array) {
    std::uint64_t number;
    if (item.get(number)) {
      throw schema_error(name, field, " has a value that is not an unsigned 64-bit integer");
    }
    numbers.push_back(number);
  }
  return numbers;
}

PartPosition read_position(std::string_view name, element value) {
  simdjson::dom::object object;
  if (value.get(object)) throw schema_error(name, "its entry", " is not an object");
  std::optional<std::vector<std::uint64_t>> offsets, global_shape;
  for (const auto [key, field] : object) {
    const bool is_offsets = key == "saved_offsets";
    if (!is_offsets && key != "global_shape") {
      throw Error(Code::schema, Message() << dcp_sharding_key << ": tensor " << Quoted{name}
                                          << ": unknown field " << Quoted{key});
    }
    auto& numbers = is_offsets ? offsets : global_shape;
    if (numbers) throw schema_error(name, "duplicate field ", key);
    numbers = read_numbers(name, key, field);
  }
  if (!offsets) throw schema_error(name, "saved_offsets", " is missing");
  if (global_shape && global_shape->size() != offsets->size()) {
    throw schema_error(name, "global_shape", " and saved_offsets have different lengths");
  }
  return {std::string(name), std::move(*offsets), std::move(global_shape)};
}

// An error of the text is one of the metadata.
template <class Action>
auto as_schema_error(Action action) {
  try {
    return action();
  } catch (const Error& error) {
    if (error.code() != Code::json && error.code() != Code::utf8) throw;
    throw Error(Code::schema, Message() << error.what());
  }
}

std::vector<PartPosition> read_positions(std::span<char> text) {
  const JsonDocument document(text, 0, dcp_sharding_key.data());
  simdjson::dom::object object;
  if (document.root().get(object)) {
    throw Error(Code::schema, Message() << dcp_sharding_key << " is " << type_name(document.root())
                                        << ", expected an object");
  }
  std::vector<PartPosition> positions;
  for (const auto [name, value] : object)
    positions.push_back(read_position(name, value));
  return positions;
}

}  // namespace

std::vector<PartPosition> parse_sharding_info(std::string_view text) {
  const Bytes copy = allocate_bytes(text.size() + parse_padding);
  auto* const start = reinterpret_cast<char*>(copy.writable);
  std::copy(text.begin(), text.end(), start);
  std::memset(start + text.size(), ' ', parse_padding);
  auto positions = as_schema_error([&] { return read_positions({start, text.size()}); });
  std::sort(positions.begin(), positions.end(),
            [](const PartPosition& a, const PartPosition& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(
      positions.begin(), positions.end(),
      [](const PartPosition& a, const PartPosition& b) { return a.name == b.name; });
  if (twice != positions.end()) throw schema_error(twice->name, "", "duplicate name");
  return positions;
}

}  // namespace st
