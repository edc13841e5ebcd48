#include "file.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "code_of.hpp"
#include "error.h"

using namespace st;

namespace {

std::string framed(const std::string& header, const std::string& data = {}) {
  std::string file(8, '\0');
  for (std::size_t i = 0; i < 8; ++i)
    file[i] = static_cast<char>(header.size() >> (8 * i));
  return file + header + data;
}

File open_bytes(const std::string& bytes, HeaderOptions rules = {}) {
  return open_file(copy_memory(bytes.data(), bytes.size(), Access::read_only), rules);
}

// A source that records its reads, of any size.
class CountingSource final : public Source {
 public:
  CountingSource(std::string bytes, std::uint64_t size)
      : Source("memory", Access::read_only), bytes_(std::move(bytes)), size_(size) {}
  std::uint64_t size() const noexcept override { return size_; }
  void read_at(std::uint64_t offset, void* buffer, std::uint64_t count) const override {
    reads.push_back({offset, count});
    bytes_.copy(static_cast<char*>(buffer), static_cast<std::size_t>(count),
                static_cast<std::size_t>(offset));
  }
  mutable std::vector<std::pair<std::uint64_t, std::uint64_t>> reads;

 private:
  std::string bytes_;
  std::uint64_t size_;
};

const std::string header = R"({"t":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})";

}  // namespace

TEST_CASE("a tensor's bytes are those after the header") {
  const File file = open_bytes(framed(header, "xyz"));
  const TensorEntry* tensor = file.header->find("t");
  REQUIRE(tensor);
  const Bytes bytes = file.get(*tensor);
  CHECK(std::string(reinterpret_cast<const char*>(bytes.data), bytes.size) == "xyz");
  CHECK(file.header->data_offset() == 8 + header.size());
}

TEST_CASE("the header's length is checked before the header is read") {
  const auto source = std::make_shared<CountingSource>(framed(header, "xyz"), 20);
  CHECK(code_of<Error>([&] { open_file(source, {}); }) == Code::header_length);
  // The length, and the start of the file for the message.
  CHECK(source->reads == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, 8}, {0, 20}});
}

TEST_CASE("opening reads the length and the header and no data") {
  const std::string bytes = framed(header, "xyz");
  const auto source = std::make_shared<CountingSource>(bytes, bytes.size());
  open_file(source, {});
  CHECK(source->reads ==
        std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, 8}, {8, header.size()}});
}

TEST_CASE("the header may be as long as the caller allows") {
  const std::string bytes = framed(header, "xyz");
  CHECK_FALSE(code_of<Error>([&] { open_bytes(bytes, {header.size(), Strictness::compatible}); }));
  CHECK(code_of<Error>([&] {
          open_bytes(bytes, {header.size() - 1, Strictness::compatible});
        }) == Code::header_too_large);
}

TEST_CASE("a file of fewer than eight bytes is rejected") {
  for (std::size_t size = 0; size < 8; ++size) {
    CHECK(code_of<Error>([&] { open_bytes(std::string(size, '\0')); }) == Code::header_too_small);
  }
}

TEST_CASE("a file of another format is named, with the remedy") {
  const auto message_of = [](const std::string& bytes) {
    try {
      open_bytes(bytes);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK(message_of("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 9\n") ==
        "the file is a Git LFS pointer, not safetensors: run \"git lfs pull\"; its header length "
        "would be 2336927755350992246, expected at most 100000000");
  // The length is plausible, the header is not JSON.
  CHECK(message_of(std::string(4096, '\0')).starts_with("the file is filled with NUL bytes"));
  CHECK(message_of(framed(std::string(64, '\0'))).starts_with("the file is filled with NUL bytes"));
  CHECK(message_of("Entry not found") ==
        "the file begins with \"Entry not found\": its header length would be "
        "8029390891631537733, expected at most 100000000");
  CHECK(message_of("404: Not").starts_with("the file begins with \"404: Not\": "));
  CHECK(message_of("404") ==
        "the file begins with \"404\": it has 3 bytes, expected 8 for the header's length");
  CHECK(message_of("") == "the file is empty");
  CHECK(message_of(framed("{\"a\":}")) ==
        "the header is not JSON: expected a value at byte 13, found \"}\"");
}

TEST_CASE("every message about another format fits") {
  for (const std::string start : {"PK\3\4 archive/data.pkl", "\x80\2\x8a\x0alllllll",
                                  "{\"weight_map\":{}}", "\x89HDF\r\n\x1a\n"}) {
    try {
      open_bytes(start);
      FAIL("accepted");
    } catch (const Error& error) {
      CAPTURE(error.what());
      CHECK(std::string(error.what()).ends_with("expected at most 100000000"));
    }
  }
}
