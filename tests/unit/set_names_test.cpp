#include "format/set_names.h"

#include <catch2/catch_test_macros.hpp>

#include <string>

#include "code_of.hpp"
#include "error.h"

using namespace std::string_view_literals;

TEST_CASE("names of the files of a set") {
  CHECK(st::whole_file_name({}) == "model.safetensors");
  CHECK(st::index_file_name({}) == "model.safetensors.index.json");
  CHECK(st::shard_file_name({}, 1, 2) == "model-00001-of-00002.safetensors");
  CHECK(st::shard_file_name({}, 123456, 123456) == "model-123456-of-123456.safetensors");
  CHECK(st::shard_file_name({}, 1, 2, st::generation_of(0xABC)) ==
        "model-00001-of-00002.00000abc.safetensors");
  const st::SetName variant{"m", "fp16"};
  CHECK(st::whole_file_name(variant) == "m.fp16.safetensors");
  CHECK(st::index_file_name(variant) == "m.safetensors.index.fp16.json");
  CHECK(st::shard_file_name(variant, 2, 3) == "m.fp16-00002-of-00003.safetensors");
}

TEST_CASE("stems and variants that cannot be parts of names are rejected") {
  const auto code = [](std::string_view stem, std::string_view variant = {}) {
    return code_of<st::Error>([&] { st::check_set_name({stem, variant}); });
  };
  CHECK(code("model") == std::nullopt);
  CHECK(code("é 1", "fp16") == std::nullopt);
  CHECK(code(std::string(200, 'a')) == std::nullopt);
  for (const std::string_view bad :
       {""sv, ".hidden"sv, "a/b"sv, ".."sv, "a\\b"sv, "c:"sv, "a\0b"sv})
    CHECK(code(bad) == st::Code::invalid_argument);
  for (const std::string_view bad : {".fp16"sv, "a/b"sv})
    CHECK(code("model", bad) == st::Code::invalid_argument);
  CHECK(code(std::string(201, 'a')) == st::Code::invalid_argument);
  CHECK(code(std::string(100, 'a'), std::string(101, 'a')) == st::Code::invalid_argument);
  CHECK(code("\xff") == st::Code::utf8);
}

TEST_CASE("names of shards that may be removed with a set") {
  CHECK(st::is_plain_shard_name("a.safetensors"));
  for (const std::string_view bad :
       {"", ".safetensors", "a", "a.json", "../a.safetensors", "/a.safetensors", "b/a.safetensors"})
    CHECK_FALSE(st::is_plain_shard_name(bad));
  CHECK_FALSE(st::is_plain_shard_name("a\0.safetensors"sv));
}
