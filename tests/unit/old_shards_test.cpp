#include "format/old_shards.h"

#include <catch2/catch_test_macros.hpp>

namespace {

using Names = std::set<std::string>;

}  // namespace

TEST_CASE("the shards of an index") {
  CHECK(st::old_shards(R"({"metadata": {"weight_map": {"x": "no.safetensors"}, "n": [1, {"a": 2}]},
                           "weight_map": {"a": "1.safetensors", "b": "2.safetensors",
                                          "c": "1.safetensors"}})") ==
        Names{"1.safetensors", "2.safetensors"});
  CHECK(st::old_shards(R"({"weight_map":{},"x":null,"y":"weight_map","z":-1.5e3})").empty());
  CHECK(st::old_shards(R"({"x":[],"y":{},"weight_map":{"a":"1.safetensors"}})") ==
        Names{"1.safetensors"});
}

TEST_CASE("escapes in the names of shards") {
  CHECK(st::old_shards(R"({"weight\u005fmap":{"\"":"\u00e9\ud83d\ude00\u2028\\.safetensors"}})") ==
        Names{"é😀\u2028\\.safetensors"});
  CHECK(st::old_shards(R"({"weight_map":{"a":"\ud83d.safetensors"}})").size() <= 1);
}

TEST_CASE("names that leave the directory, and values that are not names, are ignored") {
  CHECK(st::old_shards(R"({"weight_map":{"a":"../1.safetensors","b":"/1.safetensors",
      "c":"d/1.safetensors","e":"1.bin","f":"","g":1,"h":["x.safetensors"],"i":{"j":"y.safetensors"},
      "k":"ok.safetensors"}})") == Names{"ok.safetensors"});
}

TEST_CASE("a text that is not an index has no shards") {
  for (const char* text :
       {"", "{", "[]", "1", "null", R"({"weight_map":["a.safetensors"]})",
        R"({"weight_map":"a.safetensors"})", R"({"weight_map":{"a":"a.safetensors"})",
        R"({"weight_map":{"a":"a.safetensors"}} x)"})
    CHECK(st::old_shards(text).empty());
}
