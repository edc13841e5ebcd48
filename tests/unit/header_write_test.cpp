#include "format/header_write.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "code_of.hpp"
#include "error.h"

using namespace st;

namespace {

const std::uint64_t extents[] = {2, 3};

TensorToSave tensor(std::string_view name, Dtype dtype, std::uint64_t nbytes) {
  return {name,   dtype,   extents, reinterpret_cast<const std::byte*>(extents),
          nbytes, nullptr, nullptr};
}

SavePlan plan(std::vector<TensorToSave> tensors, std::vector<MetadataEntry> metadata = {},
              MetadataForm empty = MetadataForm::absent, std::uint64_t alignment = 8) {
  return plan_save(tensors, std::move(metadata), empty, alignment);
}

std::string text(const SavePlan& plan) {
  return {plan.header_bytes.begin() + 8, plan.header_bytes.end()};
}

}  // namespace

TEST_CASE("tensors are stored by descending dtype rank, then by name") {
  const SavePlan planned =
      plan({tensor("b", Dtype::u8, 6), tensor("z", Dtype::f32, 24), tensor("a", Dtype::u8, 6)});
  CHECK(planned.order == std::vector<std::uint32_t>{1, 2, 0});
  CHECK(text(planned) == R"({"z":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                         R"("a":{"dtype":"U8","shape":[2,3],"data_offsets":[24,30]},)"
                         R"("b":{"dtype":"U8","shape":[2,3],"data_offsets":[30,36]}})"
                         "       ");
  CHECK(planned.file_size == planned.header_bytes.size() + 36);
}

TEST_CASE("the order of every pair of dtypes is the format's") {
  // Ascending rank, as the reference implementation sorts them.
  const std::vector<std::string> ranks = {
      "BOOL",    "F4",          "F6_E2M3",     "F6_E3M2", "U8",  "I8",  "F8_E5M2", "F8_E4M3",
      "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16",     "U16", "F16", "BF16",    "I32",
      "U32",     "F32",         "C64",         "F64",     "I64", "U64"};
  const std::uint64_t eight[] = {8};
  const auto of = [&](std::string_view name, const std::string& dtype) {
    const Dtype number = *dtype_from_name(dtype);
    return TensorToSave{name, number, eight, nullptr, dtype_bits(number), nullptr, nullptr};
  };
  for (std::size_t low = 0; low < ranks.size(); ++low) {
    CHECK(dtype_rank(*dtype_from_name(ranks[low])) == low);
    for (std::size_t high = low + 1; high < ranks.size(); ++high) {
      CAPTURE(ranks[low], ranks[high]);
      // The names pull the other way.
      CHECK(plan({of("a", ranks[low]), of("b", ranks[high])}).order ==
            std::vector<std::uint32_t>{1, 0});
      CHECK(plan({of("b", ranks[high]), of("a", ranks[low])}).order ==
            std::vector<std::uint32_t>{0, 1});
    }
  }
}

TEST_CASE("the length stands before the text in little-endian bytes") {
  const SavePlan planned = plan({});
  CHECK(std::string(planned.header_bytes.begin(), planned.header_bytes.end()) ==
        std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
}

TEST_CASE("metadata comes first, in the order of its keys") {
  CHECK(text(plan({}, {{"b", "2"}, {"a", "1"}})) ==
        R"({"__metadata__":{"a":"1","b":"2"}} )" + std::string(5, ' '));
  CHECK(text(plan({}, {{"a", "1"}}, MetadataForm::null)).starts_with(R"({"__metadata__":{"a")"));
}

TEST_CASE("metadata without entries is absent, null or an empty object") {
  const auto with = [](MetadataForm form) {
    const std::string written = text(plan({tensor("a", Dtype::u8, 6)}, {}, form));
    return written.substr(0, written.find(":{\"dtype"));
  };
  CHECK(with(MetadataForm::absent) == R"({"a")");
  CHECK(with(MetadataForm::null) == R"({"__metadata__":null,"a")");
  CHECK(with(MetadataForm::present) == R"({"__metadata__":{},"a")");
  CHECK(text(plan({}, {}, MetadataForm::present)) == R"({"__metadata__":{}}     )");
}

TEST_CASE("strings are escaped where JSON requires it and nowhere else") {
  const std::string key = std::string("\"\\/\b\f\n\r\t\x01\x1f\x7f\0", 12) + "\xc3\xa9\xe2\x80\xa8";
  CHECK(text(plan({}, {{key, ""}}))
            .starts_with("{\"__metadata__\":{\"\\\"\\\\/"
                         "\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000\xc3\xa9\xe2\x80\xa8\":\"\"}}"));
}

TEST_CASE("the data begins at a multiple of the alignment") {
  for (const std::uint64_t alignment : {8u, 64u, 4096u}) {
    CHECK(
        plan({tensor("a", Dtype::u8, 6)}, {}, MetadataForm::absent, alignment).header_bytes.size() %
            alignment ==
        0);
  }
}

TEST_CASE("invalid tensors and metadata are rejected") {
  const auto verdict = [](std::vector<TensorToSave> tensors,
                          std::vector<MetadataEntry> metadata = {}) {
    return code_of<Error>([&] { plan(std::move(tensors), std::move(metadata)); });
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
  CHECK(code_of<Error>([&] { plan({}, {{"k", fits + "v"}}); }) == Code::header_too_large);
}

TEST_CASE("a header is padded to any data offset, and has a limit") {
  HeaderWriter writer({}, MetadataForm::absent);
  CHECK(writer.finish_text() == 10);
  HeaderWriter limited = writer;
  const std::vector<char> bytes = writer.finish(13);
  CHECK(std::string(bytes.begin(), bytes.end()) == std::string("\x05\0\0\0\0\0\0\0{}   ", 13));
  CHECK(code_of<Error>([&] { limited.finish(8 + max_header_size + 1); }) == Code::header_too_large);
}

TEST_CASE("sizes are rounded up to multiples") {
  CHECK(round_up(0, 8) == 0);
  CHECK(round_up(1, 8) == 8);
  CHECK(round_up(8, 8) == 8);
  CHECK(round_up(4097, 4096) == 8192);
}
