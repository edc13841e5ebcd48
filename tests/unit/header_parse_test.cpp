#include "format/header_parse.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "code_of.hpp"
#include "error.h"

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

TEST_CASE("metadata comes in the order of the text, and a repeated key is reported") {
  const ParsedHeader parsed = parse(R"({"__metadata__":{"z":"1","a":"","\u007a":"2"}})");
  REQUIRE(parsed.metadata.size() == 2);
  CHECK(parsed.metadata[0].key == "z");
  CHECK(parsed.metadata[0].value == "1");
  CHECK(parsed.metadata[1].value.empty());
  CHECK(parsed.repeated_key == "z");
}

TEST_CASE("any number of metadata keys are told apart") {
  std::string text = R"({"__metadata__":{)";
  for (int i = 0; i < 1000; ++i)
    text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + R"(":"")";
  CHECK(parse(text + "}}").metadata.size() == 1000);
  CHECK(parse(text + "}}").repeated_key.data() == nullptr);
  const ParsedHeader repeated = parse(text + R"(,"500":"","":"","":""}})");
  CHECK(repeated.metadata.size() == 1001);
  CHECK(repeated.repeated_key == "500");
}

TEST_CASE("absent, null and empty metadata are told apart") {
  CHECK(parse("{}").metadata_form == MetadataForm::absent);
  CHECK(parse(R"({"__metadata__":null})").metadata_form == MetadataForm::null);
  CHECK(parse(R"({"__metadata__":{}})").metadata_form == MetadataForm::present);
  CHECK(parse(R"({"__metadata__":{"k":""}})").metadata_form == MetadataForm::present);
  for (const char* text : {R"({"__metadata__":null,"__metadata__":null})",
                           R"({"__metadata__":null,"__metadata__":{}})"}) {
    CHECK(code_of<Error>([&] { parse(text); }) == Code::schema);
  }
}

TEST_CASE("an unknown dtype has a code of its own") {
  CHECK(code_of<Error>([] { parse(R"({"t":{"dtype":"F33","shape":[],"data_offsets":[0,4]}})"); }) ==
        Code::dtype);
}

TEST_CASE("offsets and sizes are not validated here") {
  CHECK(parse(R"({"t":{"dtype":"U8","shape":[9],"data_offsets":[7,3]}})").tensors[0].begin == 7);
}

TEST_CASE("an error in the text is placed in the file") {
  const Error json = failure_of("{\"t\":}");
  CHECK(json.code() == Code::json);
  CHECK(json.position() == 8 + 5);
  const Error utf8 = failure_of("{\"\xff\":1}");
  CHECK(utf8.code() == Code::utf8);
  CHECK(utf8.position() == 8 + 2);
}

TEST_CASE("messages show the text as it is in the file") {
  const Error error = failure_of(R"({"t":[1.25,18446744073709551616,-0},"u":-0.0]})");
  CHECK(error.code() == Code::json);
  CHECK(std::string(error.what()).ends_with(R"(, found "},\"u\":-0.0]}")"));
}

TEST_CASE("a number out of range is placed in the file") {
  const Error error = failure_of(R"({"t":{"x":[1.5,1e309]}})");
  CHECK(error.code() == Code::json);
  CHECK(error.position() == 8 + 15);
}

TEST_CASE("a number that the reference reads as a float is rejected as a size") {
  for (const char* number : {"-0", "1.0", "1e0", "18446744073709551616", "-1"}) {
    CAPTURE(number);
    const std::string text =
        R"({"t":{"dtype":"U8","shape":[0,)" + std::string(number) + R"(],"data_offsets":[0,0]}})";
    CHECK(code_of<Error>([&] { parse(text); }) == Code::schema);
  }
}

TEST_CASE("bytes that are not UTF-8 come before any other error") {
  CHECK(failure_of("]\xff").code() == Code::utf8);
}

TEST_CASE("the error of an entry names the tensor") {
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
  CHECK(code_of<Error>([&] { parse(with(126, "")); }) == Code::json);
  CHECK(code_of<Error>([&] { parse(with(125, "{}")); }) == Code::json);
}

TEST_CASE("strict parsing rejects what compatible parsing tolerates") {
  const std::string plain = R"({"t":)" + std::string(entry) + "}";
  for (const std::string& text :
       {" " + plain, plain + "\n", plain + " \t ", R"({"__metadata__":null})" + std::string(),
        R"({"t":{"extra":1,)" + std::string(entry).substr(1) + "}"}) {
    CAPTURE(text);
    CHECK_FALSE(code_of<Error>([&] { parse(text); }));
    CHECK(code_of<Error>([&] { parse(text, Strictness::strict); }) == Code::schema);
  }
  CHECK_FALSE(code_of<Error>([&] { parse(plain + "   ", Strictness::strict); }));
}

TEST_CASE("a large header is rejected for the same error as a small one") {
  const std::string space(2 << 20, ' ');
  const Error at_start = failure_of("{\"t\":}" + space);
  CHECK(at_start.code() == Code::json);
  CHECK(at_start.position() == 8 + 5);
  CHECK(failure_of("{\"t\":}" + space + "\xff").code() == Code::utf8);
  const Error behind = failure_of("{" + space + "\"t\":}");
  CHECK(behind.code() == Code::json);
  CHECK(behind.position() == 8 + 5 + space.size());
  // The first 64 KiB end inside of a name, of a number, of a literal and of an escape.
  for (const std::string token : {R"("long name")", "1234567890", "null", R"("\ud83d\ude00")"}) {
    for (std::size_t shift = 0; shift < 20; ++shift) {
      const std::string text = R"({"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":)" +
                               std::string((64 << 10) - 80 + shift, ' ') + token + "}}" + space;
      CAPTURE(token, shift);
      CHECK(parse(text).tensors.size() == 1);
    }
  }
}
