#include "format/header_write.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "failure.h"

using namespace st;

namespace {

const std::uint64_t extents[] = {2, 3};

TensorToSave tensor(std::string_view name, Dtype dtype, std::uint64_t nbytes) {
  return {name,   dtype,   extents, reinterpret_cast<const std::byte*>(extents),
          nbytes, nullptr, nullptr};
}

SavePlan plan(std::vector<TensorToSave> tensors, std::vector<MetadataEntry> metadata = {},
              EmptyMetadata empty = EmptyMetadata::leave_out, std::uint64_t alignment = 8) {
  return plan_save(tensors, std::move(metadata), empty, alignment);
}

std::string text(const SavePlan& plan) {
  return {plan.header_bytes.begin() + 8, plan.header_bytes.end()};
}

}  // namespace

TEST_CASE("tensors are laid out by dtype, the largest number first, then by name") {
  const SavePlan planned =
      plan({tensor("b", Dtype::u8, 6), tensor("z", Dtype::f32, 24), tensor("a", Dtype::u8, 6)});
  CHECK(planned.order == std::vector<std::uint32_t>{1, 2, 0});
  CHECK(text(planned) == R"({"z":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                         R"("a":{"dtype":"U8","shape":[2,3],"data_offsets":[24,30]},)"
                         R"("b":{"dtype":"U8","shape":[2,3],"data_offsets":[30,36]}})"
                         "       ");
  CHECK(planned.file_size == planned.header_bytes.size() + 36);
}

TEST_CASE("the length stands before the text in little-endian bytes") {
  const SavePlan planned = plan({});
  CHECK(std::string(planned.header_bytes.begin(), planned.header_bytes.end()) ==
        std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
}

TEST_CASE("metadata comes first, by key") {
  CHECK(text(plan({}, {{"b", "2"}, {"a", "1"}})) ==
        R"({"__metadata__":{"a":"1","b":"2"}} )" + std::string(5, ' '));
  CHECK(text(plan({}, {}, EmptyMetadata::write)).starts_with(R"({"__metadata__":{}})"));
}

TEST_CASE("strings are escaped where JSON requires it and nowhere else") {
  const std::string key = std::string("\"\\/\b\f\n\r\t\x01\x1f\x7f\0", 12) + "\xc3\xa9\xe2\x80\xa8";
  CHECK(text(plan({}, {{key, ""}}))
            .starts_with("{\"__metadata__\":{\"\\\"\\\\/"
                         "\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000\xc3\xa9\xe2\x80\xa8\":\"\"}}"));
}

TEST_CASE("the data begins where it is asked to") {
  for (const std::uint64_t alignment : {8u, 64u, 4096u}) {
    CHECK(plan({tensor("a", Dtype::u8, 6)}, {}, EmptyMetadata::leave_out, alignment)
                  .header_bytes.size() %
              alignment ==
          0);
  }
}

TEST_CASE("what no reader could read is refused") {
  const auto verdict = [](std::vector<TensorToSave> tensors,
                          std::vector<MetadataEntry> metadata = {}) {
    return code_of([&] { plan(std::move(tensors), std::move(metadata)); });
  };
  CHECK(verdict({tensor("a", Dtype::u8, 6), tensor("a", Dtype::f32, 24)}) == Code::duplicate);
  CHECK(verdict({tensor("__metadata__", Dtype::u8, 6)}) == Code::invalid_argument);
  CHECK(verdict({tensor("\xff", Dtype::u8, 6)}) == Code::utf8);
  CHECK(verdict({tensor("\xed\xa0\x80", Dtype::u8, 6)}) == Code::utf8);
  CHECK(verdict({tensor("a", Dtype::u8, 7)}) == Code::size_mismatch);
  CHECK(verdict({}, {{"k", "1"}, {"k", "2"}}) == Code::duplicate);
  CHECK(verdict({}, {{"k", "\x80"}}) == Code::utf8);
  CHECK(verdict({}, {{"\x80", "v"}}) == Code::utf8);
}

TEST_CASE("a header may be as long as readers allow, padding included") {
  // {"__metadata__":{"k":"..."}} has 25 bytes beside the value.
  const std::string fits(max_header_size - 25, 'v');
  CHECK(plan({}, {{"k", fits}}).header_bytes.size() == 8 + max_header_size);
  CHECK(code_of([&] { plan({}, {{"k", fits + "v"}}); }) == Code::header_too_large);
}
