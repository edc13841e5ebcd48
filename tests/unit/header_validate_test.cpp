#include "format/header_validate.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "code_of.hpp"
#include "error.h"

using namespace st;

namespace {

// Text that outlives the entries' views.
const std::uint64_t extents[] = {0, 1, 2, 3};

TensorEntry bytes(std::string_view name, std::uint64_t begin, std::uint64_t end) {
  return {name, {extents + (end - begin), 1}, Dtype::u8, begin, end};
}

ParsedHeader parsed(const LargeVector<TensorEntry>& tensors,
                    std::vector<MetadataEntry> metadata = {}, std::string_view repeated_key = {}) {
  return {{}, tensors, std::move(metadata), repeated_key, MetadataForm::absent};
}

std::optional<Code> verdict(const LargeVector<TensorEntry>& tensors, std::uint64_t data_size) {
  return code_of<Error>([&] { validate_header(parsed(tensors), 100, 100 + data_size); });
}

}  // namespace

TEST_CASE("tensors that cover the data are sorted by offset") {
  const auto header =
      validate_header(parsed({bytes("b", 1, 3), bytes("c", 3, 3), bytes("a", 0, 1)}), 100, 103);
  REQUIRE(header->tensors().size() == 3);
  CHECK(header->tensors()[0].name == "a");
  CHECK(header->tensors()[1].name == "b");
  CHECK(header->tensors()[2].name == "c");
  for (const TensorEntry& tensor : header->tensors())
    CHECK(header->find(tensor.name) == &tensor);
  CHECK(header->file_offset(*header->find("b")) == 101);
}

TEST_CASE("gaps, overlaps and reversed offsets are rejected") {
  CHECK(verdict({bytes("a", 1, 2)}, 2) == Code::offset);
  CHECK(verdict({bytes("a", 0, 1), bytes("b", 2, 3)}, 3) == Code::offset);
  CHECK(verdict({bytes("a", 0, 2), bytes("b", 1, 3)}, 3) == Code::offset);
  CHECK(verdict({{"a", {extents, 1}, Dtype::u8, 0, 0}, {"b", {extents, 1}, Dtype::u8, 3, 0}}, 0) ==
        Code::offset);
}

TEST_CASE("a size other than that of dtype and shape is rejected") {
  CHECK(verdict({{"a", {extents + 2, 1}, Dtype::f32, 0, 4}}, 4) == Code::size_mismatch);
  CHECK(verdict({{"a", {extents + 1, 1}, Dtype::f4, 0, 1}}, 1) == Code::subbyte);
}

TEST_CASE("the tensors cover the data to its end") {
  CHECK_FALSE(verdict({bytes("a", 0, 3)}, 3));
  CHECK(verdict({bytes("a", 0, 3)}, 2) == Code::coverage);
  CHECK(verdict({bytes("a", 0, 3)}, 4) == Code::coverage);
  CHECK_FALSE(verdict({}, 0));
  CHECK(verdict({}, 1) == Code::coverage);
}

TEST_CASE("of duplicate tensor names the last is validated, then the file is rejected") {
  CHECK(verdict({bytes("a", 0, 2), bytes("a", 0, 1)}, 1) == Code::duplicate);
  CHECK(verdict({bytes("a", 0, 1), bytes("a", 0, 2)}, 1) == Code::coverage);
  CHECK(verdict({bytes("a", 0, 1), bytes("a", 1, 2)}, 2) == Code::offset);
  CHECK(verdict({bytes("a", 0, 3), bytes("b", 1, 2), bytes("a", 0, 1)}, 2) == Code::duplicate);
}

TEST_CASE("metadata is ordered by key, and a duplicate key is rejected last") {
  const auto header = validate_header(parsed({}, {{"z", "1"}, {"a", "2"}}), 8, 8);
  REQUIRE(header->metadata().size() == 2);
  CHECK(header->metadata()[0].key == "a");
  CHECK(header->find_metadata("z")->value == "1");
  CHECK(header->find_metadata("y") == nullptr);
  const auto twice = [](std::uint64_t end) {
    return code_of<Error>([&] { validate_header(parsed({}, {{"k", "1"}}, "k"), 8, end); });
  };
  CHECK(twice(8) == Code::duplicate);
  CHECK(twice(9) == Code::coverage);
}
