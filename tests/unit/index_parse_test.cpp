#include "format/index_parse.h"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "code_of.hpp"
#include "error.h"

using namespace st;

namespace {

// The text, as the parser overwrites it, is kept for its "metadata".
struct Parsed {
  std::string text;
  ShardIndex index;

  std::vector<std::string> entries() const {
    std::vector<std::string> all;
    for (const auto& entry : index.entries)
      all.push_back(std::string(entry.name) + " in " + index.shards[entry.shard]);
    return all;
  }
  std::string metadata() const {
    if (!index.metadata) return "absent";
    const std::string value = text.substr(index.metadata->offset, index.metadata->size);
    const std::size_t first = value.find_first_not_of(" \n");
    return value.substr(first, value.find_last_not_of(" \n") + 1 - first);
  }
};

Parsed parse(const std::string& text) {
  std::string padded = text + std::string(parse_padding, ' ');
  ShardIndex index = parse_index({padded.data(), text.size()});
  return {text, std::move(index)};
}

std::optional<Code> code_of_text(const std::string& text) {
  return code_of<Error>([&] { parse(text); });
}

}  // namespace

TEST_CASE("the entries of an index are those of its weight_map", "[index_parse]") {
  const Parsed parsed = parse(R"({"metadata":{"total_size":1},"weight_map":{
      "b":"m-2.safetensors","a\n":"./m-1.safetensors","c":"m-1.safetensors",
      "":"sub/m.safetensors","d":"m\u002d2.safetensors"}})");
  CHECK(parsed.index.shards ==
        std::vector<std::string>{"m-1.safetensors", "m-2.safetensors", "sub/m.safetensors"});
  CHECK(parsed.entries() ==
        std::vector<std::string>{"b in m-2.safetensors", "a\n in m-1.safetensors",
                                 "c in m-1.safetensors", " in sub/m.safetensors",
                                 "d in m-2.safetensors"});
}

TEST_CASE("the metadata of an index is the text of any JSON value", "[index_parse]") {
  const std::string map = R"("weight_map":{"a":"m.safetensors"})";
  CHECK(parse("{" + map + "}").metadata() == "absent");
  for (const std::string value : {"{}", "null", "1.5e300", "-0", "[1,{\"weight_map\":[2]},\"}\"]",
                                  "{\"a\" : [ 1 , 2 ] , \"b\\\"\": \"],\"}", "\"text\"", "true"}) {
    INFO(value);
    CHECK(parse("{\"metadata\":" + value + "," + map + "}").metadata() == value);
    CHECK(parse("{\"x\":{\"metadata\":[3]},\n" + map + ", \"m\\u0065tadata\" : " + value + "\n }")
              .metadata() == value);
  }
}

TEST_CASE("other fields of an index are ignored", "[index_parse]") {
  const Parsed parsed = parse(R"({"version":[1,{}],"weight_map":{"a":"m.safetensors"},"x":null})");
  CHECK(parsed.entries().size() == 1);
}

TEST_CASE("what is not an index is rejected", "[index_parse]") {
  for (const std::string& text : std::vector<std::string>{
           "",
           " ",
           "{",
           "[]",
           "null",
           "\"weight_map\"",
           "{}",
           R"({"metadata":{}})",
           R"({"weight_map":null})",
           R"({"weight_map":[]})",
           R"({"weight_map":"m.safetensors"})",
           R"({"weight_map":{}})",
           R"({"weight_map":{"a":1}})",
           R"({"weight_map":{"a":null}})",
           R"({"weight_map":{"a":["m.safetensors"]}})",
           R"({"weight_map":{"a":"m.safetensors","b":{}}})",
           R"({"a":"m.safetensors"})",
           R"({"Weight_map":{"a":"m.safetensors"}})",
           R"({"weight_map":{"a":"m.safetensors"},})",
           R"({"weight_map":{"a":"m.safetensors",}})",
           R"({"weight_map":{"a":"m.safetensors"}}})",
           R"({"weight_map":{"a":"m.safetensors"}} x)",
           R"({"weight_map":{"a":"m.safetensors"},"weight_map":{"a":"m.safetensors"}})",
           R"({"weight_map":{"a":"m.safetensors"},"weight_m\u0061p":{"b":"n.safetensors"}})",
           R"({"metadata":1,"metadata":1,"weight_map":{"a":"m.safetensors"}})",
           R"({"weight_map":{"a":"m.safetensors"},"x":01})",
           R"({"weight_map":{"a":"m.safetensors"},"x":1e999})",
           R"({"weight_map":{"a":"\ud800.safetensors"}})",
           "\xEF\xBB\xBF{\"weight_map\":{\"a\":\"m.safetensors\"}}",
           "{\"weight_map\":{\"a\xff\":\"m.safetensors\"}}",
           std::string("{\"weight_map\":{\"a\":\"m.safetensors\"}}\0", 37),
       }) {
    INFO(text);
    CHECK(code_of_text(text) == Code::set_index);
  }
  const std::string deep(128, '[');
  CHECK(code_of_text("{\"x\":" + deep + std::string(128, ']') +
                     ",\"weight_map\":{\"a\":\"m.safetensors\"}}") == Code::set_index);
}

TEST_CASE("a shard outside of the directory is rejected", "[index_parse]") {
  for (const char* path : {"", "../m.safetensors", "/m.safetensors", "a\\\\m.safetensors",
                           "m\\u0000.safetensors", "\\u002e\\u002e/m.safetensors", "m.bin"}) {
    INFO(path);
    CHECK(code_of_text(R"({"weight_map":{"a":"m.safetensors","b":")" + std::string(path) +
                       "\"}}") == Code::set_path);
  }
}

TEST_CASE("messages name what is wrong in an index", "[index_parse]") {
  const auto message = [](const std::string& text) {
    return message_of<Error>([&] { parse(text); });
  };
  CHECK(message(R"({"weight_map":{"lm_head":7}})") ==
        "weight_map has a number for tensor \"lm_head\", expected the path of a shard");
  CHECK(message("{\"weight_map\":]") ==
        "the index is not JSON: expected a value at byte 14, found \"]\"");
  CHECK(message("{}") == "the index has no weight_map");
}

TEST_CASE("an index may have many tensors and many shards", "[index_parse]") {
  constexpr int count = 30'000;
  std::string text = R"({"weight_map":{)";
  for (int i = 0; i < count; ++i) {
    if (i > 0) text += ',';
    text += "\"" + std::to_string(i) + "\":\"s" + std::to_string(count - i) + ".safetensors\"";
  }
  const Parsed parsed = parse(text + "}}");
  REQUIRE(parsed.index.shards.size() == count);
  REQUIRE(parsed.index.entries.size() == count);
  bool all_right = true;
  for (int i = 0; i < count; ++i) {
    const auto& entry = parsed.index.entries[static_cast<std::size_t>(i)];
    all_right =
        all_right && entry.name == std::to_string(i) &&
        parsed.index.shards[entry.shard] == "s" + std::to_string(count - i) + ".safetensors";
  }
  CHECK(all_right);
}
