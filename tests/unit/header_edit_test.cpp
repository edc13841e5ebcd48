#include "format/header_edit.h"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <string>

#include "code_of.hpp"
#include "error.h"
#include "format/header_parse.h"
#include "format/header_validate.h"

using namespace st;

namespace {

#define A R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]})"
#define B R"("b":{"dtype":"F32","shape":[1,1],"data_offsets":[2,6]})"

std::shared_ptr<const Header> parse(const std::string& text) {
  std::string padded = text + std::string(parse_padding, ' ');
  return validate_header(parse_header({padded.data(), text.size()}, Strictness::compatible, 8),
                         8 + text.size(), 8 + text.size() + 6);
}

std::string edited(const std::string& text, const HeaderEdit& edit) {
  const auto header = parse(text);
  HeaderWriter writer = write_edited(*header, apply_edit(*header, edit));
  const std::vector<char> bytes = writer.finish(writer.finish_text());
  return {bytes.begin() + 8, bytes.end()};
}

bool changes(const std::string& text, const HeaderEdit& edit) {
  return apply_edit(*parse(text), edit).changed;
}

std::optional<Code> code(const HeaderEdit& edit) {
  const auto header = parse(R"({"__metadata__":{"k":"v"},)" A "," B "}");
  return code_of<Error>([&] { apply_edit(*header, edit); });
}

}  // namespace

TEST_CASE("entries are added, replaced and removed, and are sorted by key") {
  CHECK(edited(R"({"__metadata__":{"k":"v","b":"1"},)" A "," B "}",
               {{{"z", "2"}, {"k", "w"}, {"", "0"}}, {"b"}, {}}) ==
        R"({"__metadata__":{"":"0","k":"w","z":"2"},)" A "," B "}");
}

TEST_CASE("tensors keep their order, dtypes, shapes and offsets") {
  CHECK(edited("{" B "," A "}", {{}, {}, {{"a", "z"}, {"b", "\n"}}}) ==
        R"({"z":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
        R"("\n":{"dtype":"F32","shape":[1,1],"data_offsets":[2,6]}})");
}

TEST_CASE("names are exchanged, and passed on") {
  CHECK(edited("{" A "," B "}", {{}, {}, {{"a", "b"}, {"b", "a"}}}) ==
        R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
        R"("a":{"dtype":"F32","shape":[1,1],"data_offsets":[2,6]}})");
  CHECK(edited("{" A "," B "}", {{}, {}, {{"b", "c"}, {"a", "b"}}}) ==
        R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
        R"("c":{"dtype":"F32","shape":[1,1],"data_offsets":[2,6]}})");
}

TEST_CASE("an object that loses its last entry is left out, one that had none stays") {
  CHECK(edited(R"({"__metadata__":{"k":"v"},)" A "," B "}", {{}, {"k"}, {}}) == "{" A "," B "}");
  for (const char* form : {"{}", "null"}) {
    const std::string start = R"({"__metadata__":)" + std::string(form) + ",";
    CHECK(edited(start + A "," B "}", {{}, {}, {{"a", "c"}}}) ==
          start + R"("c":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)" B "}");
  }
}

TEST_CASE("an edit changes something only if names or entries differ") {
  const std::string text = R"({"__metadata__":{"k":"v"}, )" A "," B "}";
  CHECK_FALSE(changes(text, {}));
  CHECK_FALSE(changes(text, {{{"k", "v"}}, {}, {{"a", "a"}}}));
  CHECK(changes(text, {{{"k", ""}}, {}, {}}));
  CHECK(changes(text, {{{"", ""}}, {}, {}}));
  CHECK(changes(text, {{}, {"k"}, {}}));
  CHECK(changes(text, {{}, {}, {{"a", "b"}, {"b", "a"}}}));
}

TEST_CASE("changes that are not possible") {
  CHECK(code({{}, {"x"}, {}}) == Code::metadata_not_found);
  CHECK(code({{{"x", "1"}}, {"x"}, {}}) == Code::metadata_not_found);
  CHECK(code({{{"k", "1"}}, {"k"}, {}}) == Code::duplicate);
  CHECK(code({{{"x", "1"}, {"x", "1"}}, {}, {}}) == Code::duplicate);
  CHECK(code({{}, {"k", "k"}, {}}) == Code::duplicate);
  CHECK(code({{}, {}, {{"x", "y"}}}) == Code::tensor_not_found);
  CHECK(code({{}, {}, {{"a", "b"}}}) == Code::duplicate);
  CHECK(code({{}, {}, {{"a", "c"}, {"b", "c"}}}) == Code::duplicate);
  CHECK(code({{}, {}, {{"a", "c"}, {"a", "c"}}}) == Code::duplicate);
  CHECK(code({{}, {}, {{"a", "__metadata__"}}}) == Code::invalid_argument);
  CHECK(code({{}, {}, {{"a", "\xFF"}}}) == Code::utf8);
  CHECK(code({{{"\xFF", ""}}, {}, {}}) == Code::utf8);
  CHECK(code({{{"x", "\xFF"}}, {}, {}}) == Code::utf8);
}
