// A JSON text as a tree of values, parsed by the rules of the reference. The only file that
// includes simdjson.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "format/json_text.h"
#include "io/bytes.h"

namespace st {

struct TextRange {
  std::size_t begin;
  std::size_t end;
};

// simdjson's parser, run by its stages because numbers are rewritten between them. Its large
// buffers are replaced by memory that may be on huge pages: page faults would cost more than
// parsing.
class JsonParser {
 public:
  // Throws std::bad_alloc.
  explicit JsonParser(std::size_t text_size);
  JsonParser(const JsonParser&) = delete;
  JsonParser& operator=(const JsonParser&) = delete;
  ~JsonParser();

  // Finds the tokens of `text`, which has parse_padding bytes behind it. Returns whether its
  // strings and its UTF-8 are valid.
  bool tokenize(std::span<const char> text);

  // Where the tokens begin.
  std::span<const std::uint32_t> tokens() const noexcept {
    return {parser_->structural_indexes.get(), parser_->n_structural_indexes};
  }

  // Builds the document from the tokens. Returns whether they are JSON.
  bool build();

  simdjson::dom::element root() const noexcept { return document_.root(); }

 private:
  Bytes tape_, strings_, tokens_;
  simdjson::dom::document document_;
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
};

class JsonDocument {
 public:
  // `text` is private memory with `parse_padding` bytes behind it; it is overwritten. `text_offset`
  // is where it begins in its file, and `name` what messages call it. Throws Code::utf8 or json.
  JsonDocument(std::span<char> text, std::uint64_t text_offset, const char* name);

  // Its strings live as long as the document.
  simdjson::dom::element root() const noexcept { return parser_.root(); }

  // Where the text has the value of the member at `position` of the root, an object, with the
  // whitespace around it: from the colon to the comma or bracket after it.
  TextRange member_range(std::size_t position) const noexcept;

 private:
  std::string_view text_;
  JsonParser parser_;
};

// "an array", "a string", ...
std::string_view type_name(simdjson::dom::element value) noexcept;

}  // namespace st
