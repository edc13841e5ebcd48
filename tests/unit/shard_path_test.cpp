#include "format/shard_path.h"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>

#include "code_of.hpp"
#include "error.h"

using namespace st;
using namespace std::string_view_literals;

TEST_CASE("a shard's path is normalized", "[shard_path]") {
  constexpr struct {
    std::string_view given, normalized;
  } cases[] = {
      {"m.safetensors", "m.safetensors"},
      {"./m.safetensors", "m.safetensors"},
      {"././/m.safetensors", "m.safetensors"},
      {"weights/m.safetensors", "weights/m.safetensors"},
      {"weights//./m.safetensors", "weights/m.safetensors"},
      {"...safetensors", "...safetensors"},
      {".safetensors", ".safetensors"},
      {"..m/..m.safetensors", "..m/..m.safetensors"},
      {"ab:c.safetensors", "ab:c.safetensors"},
  };
  for (const auto& [given, normalized] : cases) {
    INFO(given);
    CHECK(normalize_shard_path(given) == normalized);
  }
}

TEST_CASE("a shard's path stays inside of the directory", "[shard_path]") {
  const std::string long_name(1 << 20, 'x'), long_component(256, 'x');
  const std::string paths[] = {
      "",
      ".",
      "..",
      "/",
      "x",
      "x/",
      "m.safetensors/",
      "m.safetensors/.",
      "../m.safetensors",
      "a/../m.safetensors",
      "a/../../m.safetensors",
      "a/..",
      "..\\m.safetensors",
      "a\\..\\m.safetensors",
      "\\m.safetensors",
      "/m.safetensors",
      "//m.safetensors",
      "/a/m.safetensors",
      "C:\\m.safetensors",
      "C:/m.safetensors",
      "c:m.safetensors",
      "a:b.safetensors/m.safetensors",
      "m.safetensors\n",
      "m.SAFETENSORS",
      "m.bin",
      "m.safetensors.index.json",
      std::string("m\0.safetensors"sv),
      std::string("m.safetensors\0"sv),
      long_name + ".safetensors",
      long_component + ".safetensors",
      long_component + "/m.safetensors",
  };
  for (const std::string& path : paths) {
    INFO(path.substr(0, 40));
    CHECK(code_of<Error>([&] { normalize_shard_path(path); }) == Code::set_path);
  }
}
