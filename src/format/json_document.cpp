#include "format/json_document.h"

#include <array>
#include <atomic>
#include <new>

#include "error.h"
#include "format/json_diagnostics.h"
#include "format/json_kernel.h"
#include "format/json_numbers.h"
#include "io/platform.h"

namespace st {
namespace {

using simdjson::dom::element_type;

static_assert(parse_padding >= simdjson::SIMDJSON_PADDING);

// Null until a test selects one.
std::atomic<const simdjson::implementation*> selected_kernel{nullptr};

// Not simdjson's active implementation: that one is chosen by a variable of the environment.
const simdjson::implementation& kernel() noexcept {
  static const simdjson::implementation* const best =
      simdjson::get_available_implementations().detect_best_supported();
  const simdjson::implementation* const selected = selected_kernel;
  return selected ? *selected : *best;
}

bool check(simdjson::error_code failure) {
  if (failure == simdjson::MEMALLOC) throw std::bad_alloc();
  return failure == simdjson::SUCCESS;
}

bool begins_number(char c) noexcept {
  return c == '-' || (c >= '0' && c <= '9');
}

// Whether the text nests deeper than the reference allows, or has a number that the parser and the
// reference read differently.
bool needs_care(std::string_view text, std::span<const std::uint32_t> tokens) noexcept {
  static constexpr auto nesting = [] {
    std::array<std::int8_t, 256> change{};
    change['{'] = change['['] = 1;
    change['}'] = change[']'] = -1;
    return change;
  }();
  int depth = 0;
  for (const std::uint32_t at : tokens) {
    const char c = text[at];
    depth += nesting[static_cast<unsigned char>(c)];
    if (depth > deepest_nesting) return true;
    if (begins_number(c) && !is_simple_integer(text, at)) return true;
  }
  return false;
}

// The text is checked first: messages show it as it is in the file.
void normalize_numbers(std::span<char> text, std::span<const std::uint32_t> tokens,
                       const JsonText& json) {
  const std::string_view view = json.text;
  check_text(json);
  for (const std::uint32_t at : tokens) {
    if (!begins_number(text[at]) || is_simple_integer(view, at)) continue;
    if (!rewrite_number(text, at)) {
      throw Error(
          Code::json,
          Message() << json.name << " has a number out of range at byte " << json.offset + at,
          json.offset + at);
    }
  }
}

// Throws an error that is found before the parser has memory for the whole text.
std::string_view checked_start(const JsonText& json) {
  // Releases of the parser differ in whether they skip a byte order mark.
  if (json.text.starts_with("\xEF\xBB\xBF") || is_wrong_at_start(json.text)) explain(json);
  return json.text;
}

}  // namespace

JsonParser::JsonParser(std::size_t text_size) {
  constexpr std::size_t slack = 64 + simdjson::SIMDJSON_PADDING;
  if (!check(kernel().create_dom_parser_implementation(text_size, simdjson::DEFAULT_MAX_DEPTH,
                                                       parser_))) {
    throw Error(Code::internal, Message() << "the JSON parser cannot be created");
  }
  parser_->structural_indexes.reset();
  // The sizes that simdjson's own allocation has.
  tape_ = allocate_bytes((text_size + slack) * sizeof(std::uint64_t));
  strings_ = allocate_bytes(5 * text_size / 3 + slack);
  tokens_ = allocate_bytes((text_size + slack) * sizeof(std::uint32_t));
  document_.tape.reset(reinterpret_cast<std::uint64_t*>(tape_.writable));
  document_.string_buf.reset(reinterpret_cast<std::uint8_t*>(strings_.writable));
  parser_->structural_indexes.reset(reinterpret_cast<std::uint32_t*>(tokens_.writable));
}

JsonParser::~JsonParser() {
  (void)document_.tape.release();
  (void)document_.string_buf.release();
  (void)parser_->structural_indexes.release();
}

bool JsonParser::tokenize(std::span<const char> text) {
  return check(parser_->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                               simdjson::stage1_mode::regular));
}

bool JsonParser::build() {
  return check(parser_->stage2(document_));
}

JsonDocument::JsonDocument(std::span<char> text, std::uint64_t text_offset, const char* name)
    : text_(checked_start({{text.data(), text.size()}, text_offset, name})), parser_(text.size()) {
  const JsonText json{text_, text_offset, name};
  if (!parser_.tokenize(text)) explain(json);
  if (needs_care(text_, parser_.tokens())) normalize_numbers(text, parser_.tokens(), json);
  if (!parser_.build()) explain(json);
}

TextRange JsonDocument::member_range(std::size_t position) const noexcept {
  int depth = 0;
  TextRange range{0, 0};
  for (const std::uint32_t at : parser_.tokens()) {
    const char c = text_[at];
    if (c == '}' || c == ']') --depth;
    const bool ends = depth == 0 || (depth == 1 && c == ',');
    if (range.begin != 0 && ends) {
      range.end = at;
      break;
    }
    if (depth == 1 && c == ':' && position-- == 0) range.begin = at + 1;
    if (c == '{' || c == '[') ++depth;
  }
  return range;
}

std::string_view type_name(simdjson::dom::element value) noexcept {
  switch (value.type()) {
    case element_type::ARRAY:
      return "an array";
    case element_type::OBJECT:
      return "an object";
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
      return "a number";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "a boolean";
    default:
      return "null";
  }
}

bool select_json_kernel(std::string_view name) noexcept {
  for (const simdjson::implementation* candidate : simdjson::get_available_implementations()) {
    if (candidate->name() != name || !candidate->supported_by_runtime_system()) continue;
    selected_kernel = candidate;
    return true;
  }
  return false;
}

}  // namespace st
