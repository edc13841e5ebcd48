#include "format/index_write.h"

#include <catch2/catch_test_macros.hpp>

#include "code_of.hpp"
#include "error.h"

using namespace std::string_view_literals;

TEST_CASE("an index as huggingface_hub writes it") {
  const st::MetadataEntry entries[] = {{"z", "1"}, {"a", "2"}};
  CHECK(st::write_index(st::IndexFormat::hub, {208, 0, entries},
                        {{"w2", "model-00001-of-00002.safetensors"},
                         {"w1", "model-00002-of-00002.safetensors"}}) ==
        "{\n"
        "  \"metadata\": {\n"
        "    \"total_size\": 208,\n"
        "    \"z\": \"1\",\n"
        "    \"a\": \"2\"\n"
        "  },\n"
        "  \"weight_map\": {\n"
        "    \"w2\": \"model-00001-of-00002.safetensors\",\n"
        "    \"w1\": \"model-00002-of-00002.safetensors\"\n"
        "  }\n"
        "}");
}

TEST_CASE("an index as transformers writes it: keys sorted, newline at the end") {
  const st::MetadataEntry entries[] = {{"z", ""}, {"a", {}}};
  CHECK(st::write_index(st::IndexFormat::sorted, {208, 99, entries}, {{"b", "x"}, {"a", "y"}}) ==
        "{\n"
        "  \"metadata\": {\n"
        "    \"a\": \"\",\n"
        "    \"total_parameters\": 99,\n"
        "    \"total_size\": 208,\n"
        "    \"z\": \"\"\n"
        "  },\n"
        "  \"weight_map\": {\n"
        "    \"a\": \"y\",\n"
        "    \"b\": \"x\"\n"
        "  }\n"
        "}\n");
}

TEST_CASE("everything but printable ASCII is escaped") {
  const std::string text = st::write_index(st::IndexFormat::hub, {0, 0, {}},
                                           {{"\"\\/\b\f\n\r\t\0\x1f\x7f~ é\u2028😀"sv, "s"}});
  CHECK(text.find(R"("\"\\/\b\f\n\r\t\u0000\u001f\u007f~ \u00e9\u2028\ud83d\ude00": "s")") !=
        text.npos);
}

TEST_CASE("metadata of an index: duplicate keys and invalid UTF-8 are rejected") {
  const auto code = [](std::vector<st::MetadataEntry> entries, std::uint64_t parameters = 0) {
    return code_of<st::Error>([&] { st::check_index_metadata({0, parameters, entries}); });
  };
  CHECK(code({{"a", "1"}, {"b", "1"}}) == std::nullopt);
  CHECK(code({{"a", "1"}, {"a", "1"}}) == st::Code::duplicate);
  CHECK(code({{"total_size", "1"}}) == st::Code::duplicate);
  CHECK(code({{"total_parameters", "1"}}) == std::nullopt);
  CHECK(code({{"total_parameters", "1"}}, 5) == st::Code::duplicate);
  CHECK(code({{"a", "\xff"}}) == st::Code::utf8);
}
