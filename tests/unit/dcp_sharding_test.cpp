#include "format/dcp_sharding.h"

#include <catch2/catch_test_macros.hpp>

#include "code_of.hpp"
#include "error.h"

using namespace st;

using Numbers = std::vector<std::uint64_t>;

TEST_CASE("positions are sorted by name, with and without the global shape") {
  const auto positions = parse_sharding_info(
      R"({"b": {"saved_offsets": [0, 18446744073709551615]}, "a\n": {"saved_offsets": []},)"
      R"( "c": {"global_shape": [4, 5], "saved_offsets": [2, 0]}})");
  REQUIRE(positions.size() == 3);
  CHECK(positions[0].name == "a\n");
  CHECK(positions[0].offsets.empty());
  CHECK_FALSE(positions[0].global_shape);
  CHECK(positions[1].name == "b");
  CHECK(positions[1].offsets == Numbers{0, 18446744073709551615u});
  CHECK_FALSE(positions[1].global_shape);
  CHECK(positions[2].offsets == Numbers{2, 0});
  CHECK(positions[2].global_shape == Numbers{4, 5});
  CHECK(parse_sharding_info("{}").empty());
}

TEST_CASE("everything else is an error that names the tensor and the field") {
  const struct {
    const char* text;
    const char* message;  // a part of it
  } cases[] = {
      {"", "DCP_SHARDING_INFO"},
      {"{", "DCP_SHARDING_INFO"},
      {"\xFF", "UTF-8"},
      {"[]", "an array, expected an object"},
      {R"({"a":[]})", "tensor \"a\": its entry is not an object"},
      {R"({"a":{}})", "tensor \"a\": saved_offsets is missing"},
      {R"({"a":{"saved_offsets":1}})", "tensor \"a\": saved_offsets is not an array"},
      {R"({"a":{"saved_offsets":[-1]}})", "saved_offsets has a value that is not an unsigned"},
      {R"({"a":{"saved_offsets":[1.0]}})", "saved_offsets has a value that is not an unsigned"},
      {R"({"a":{"saved_offsets":["1"]}})", "saved_offsets has a value that is not an unsigned"},
      {R"({"a":{"saved_offsets":[1],"global_shape":null}})", "global_shape is not an array"},
      {R"({"a":{"saved_offsets":[1],"global_shape":[1,2]}})", "have different lengths"},
      {R"({"a":{"saved_offsets":[1],"saved_offsets":[1]}})", "duplicate field saved_offsets"},
      {R"({"a":{"saved_offsets":[1],"x":1}})", "tensor \"a\": unknown field \"x\""},
      {R"({"a":{"saved_offsets":[1]},"a":{"saved_offsets":[1]}})", "duplicate name"},
  };
  for (const auto& item : cases) {
    INFO(item.text);
    CHECK(code_of<Error>([&] { parse_sharding_info(item.text); }) == Code::schema);
    const std::string found = message_of<Error>([&] { parse_sharding_info(item.text); });
    INFO(found);
    CHECK(found.find(item.message) != std::string::npos);
  }
}
