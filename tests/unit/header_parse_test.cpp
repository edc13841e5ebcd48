#include "format/header_parse.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "failure.h"

using namespace st;

namespace {

ParsedHeader parse(std::string text, Strictness strictness = Strictness::compatible) {
  const std::size_t size = text.size();
  text.resize(size + parse_padding, ' ');
  return parse_header({text.data(), size}, strictness, 8);
}

Error failure_of(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    return error;
  }
  return Error(Code::internal, Message() << "nothing was thrown");
}

constexpr char entry[] = R"({"dtype":"F32","shape":[2,3],"data_offsets":[0,24]})";

}  // namespace

TEST_CASE("tensors come in the order of the text, with what their entries say") {
  const ParsedHeader parsed = parse(R"({"b":)" + std::string(entry) +
                                    R"(,"a\n":{"data_offsets":[24,25],"dtype":"U8","shape":[]}})");
  REQUIRE(parsed.tensors.size() == 2);
  CHECK(parsed.tensors[0].name == "b");
  CHECK(parsed.tensors[0].dtype == Dtype::f32);
  CHECK(std::vector(parsed.tensors[0].shape.begin(), parsed.tensors[0].shape.end()) ==
        std::vector<std::uint64_t>{2, 3});
  CHECK(parsed.tensors[0].begin == 0);
  CHECK(parsed.tensors[0].end == 24);
  CHECK(parsed.tensors[1].name == "a\n");
  CHECK(parsed.tensors[1].shape.empty());
  CHECK(parsed.tensors[1].shape.data() != nullptr);
}

TEST_CASE("metadata comes in the order of the text, a key as often as it is there") {
  const ParsedHeader parsed = parse(R"({"__metadata__":{"z":"1","a":"","z":"2"}})");
  REQUIRE(parsed.metadata.size() == 3);
  CHECK(parsed.metadata[0].key == "z");
  CHECK(parsed.metadata[1].value.empty());
  CHECK(parsed.metadata[2].value == "2");
}

TEST_CASE("absent, null and empty metadata are told apart") {
  CHECK(parse("{}").metadata_form == MetadataForm::absent);
  CHECK(parse(R"({"__metadata__":null})").metadata_form == MetadataForm::null);
  CHECK(parse(R"({"__metadata__":{}})").metadata_form == MetadataForm::present);
  CHECK(parse(R"({"__metadata__":{"k":""}})").metadata_form == MetadataForm::present);
  for (const char* text : {R"({"__metadata__":null,"__metadata__":null})",
                           R"({"__metadata__":null,"__metadata__":{}})"}) {
    CHECK(code_of([&] { parse(text); }) == Code::schema);
  }
}

TEST_CASE("an unknown dtype has a code of its own") {
  CHECK(code_of([] { parse(R"({"t":{"dtype":"F33","shape":[],"data_offsets":[0,4]}})"); }) ==
        Code::dtype);
}

TEST_CASE("offsets and sizes that do not fit together are not this module's") {
  CHECK(parse(R"({"t":{"dtype":"U8","shape":[9],"data_offsets":[7,3]}})").tensors[0].begin == 7);
}

TEST_CASE("a fault in the text is placed in the file") {
  const Error json = failure_of("{\"t\":}");
  CHECK(json.code() == Code::json);
  CHECK(json.position() == 8 + 5);
  const Error utf8 = failure_of("{\"\xff\":1}");
  CHECK(utf8.code() == Code::utf8);
  CHECK(utf8.position() == 8 + 2);
}

TEST_CASE("bytes that are not UTF-8 come before any other fault") {
  CHECK(failure_of("]\xff").code() == Code::utf8);
}

TEST_CASE("an entry's fault names the tensor") {
  const std::string message =
      failure_of(R"({"lm_head":{"dtype":"F33","shape":[],"data_offsets":[0,4]}})").what();
  CHECK(message == R"(tensor "lm_head": unknown dtype "F33", a newer version may support it)");
}

TEST_CASE("ignored fields nest as deep as the reference allows, empty or not") {
  const auto with = [](std::size_t depth, const std::string& inner) {
    return R"({"t":{"x":)" + std::string(depth, '[') + inner + std::string(depth, ']') + "," +
           std::string(entry).substr(1) + "}";
  };
  CHECK(parse(with(125, "")).tensors.size() == 1);
  CHECK(parse(with(125, "1")).tensors.size() == 1);
  CHECK(code_of([&] { parse(with(126, "")); }) == Code::json);
  CHECK(code_of([&] { parse(with(125, "{}")); }) == Code::json);
}

TEST_CASE("strictness refuses what only lenient readers take") {
  const std::string plain = R"({"t":)" + std::string(entry) + "}";
  for (const std::string& text :
       {" " + plain, plain + "\n", plain + " \t ", R"({"__metadata__":null})" + std::string(),
        R"({"t":{"extra":1,)" + std::string(entry).substr(1) + "}"}) {
    CAPTURE(text);
    CHECK_FALSE(code_of([&] { parse(text); }));
    CHECK(code_of([&] { parse(text, Strictness::strict); }) == Code::schema);
  }
  CHECK_FALSE(code_of([&] { parse(plain + "   ", Strictness::strict); }));
}
