#include "format/tensor_parts.h"

#include <catch2/catch_test_macros.hpp>

#include <deque>
#include <string>

#include "code_of.hpp"
#include "error.h"

using namespace st;

namespace {

using Numbers = std::vector<std::uint64_t>;

struct Box {
  Numbers offsets;
  Numbers shape;
  std::optional<Numbers> global_shape = std::nullopt;
  Dtype dtype = Dtype::u8;
};

// Parts in the files "file 0", "file 1", ...
class Parts {
 public:
  explicit Parts(std::vector<Box> boxes) : boxes_(std::move(boxes)) {
    for (const Box& box : boxes_) {
      entries_.push_back({"w", box.shape, box.dtype, 0, 0});
      files_.push_back("file " + std::to_string(files_.size()));
      parts_.push_back({&entries_.back(), box.offsets, std::nullopt, files_.back()});
      if (box.global_shape) parts_.back().global_shape = *box.global_shape;
    }
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  const TensorPart& operator[](std::size_t i) const { return parts_[i]; }
  Numbers join() const { return join_parts(parts_); }

 private:
  std::vector<Box> boxes_;
  std::deque<TensorEntry> entries_;
  std::deque<std::string> files_;
  std::vector<TensorPart> parts_;
};

Numbers join(const std::vector<Box>& boxes) {
  return Parts(boxes).join();
}

std::optional<Code> code(const std::vector<Box>& boxes) {
  return code_of<Error>([&] { Parts(boxes).join(); });
}

std::string message(const std::vector<Box>& boxes) {
  return message_of<Error>([&] { Parts(boxes).join(); });
}

}  // namespace

TEST_CASE("parts that cover a tensor have its shape") {
  CHECK(join({{{}, {}}}) == Numbers{});
  CHECK(join({{{2}, {3}}, {{0}, {2}}}) == Numbers{5});
  CHECK(join({{{0, 0}, {2, 3}}, {{0, 3}, {2, 1}}, {{2, 0}, {1, 4}}}) == Numbers{3, 4});
  CHECK(join({{{0, 0, 0}, {2, 1, 2}}, {{0, 1, 0}, {2, 3, 2}}}) == Numbers{2, 4, 2});
  CHECK(join({{{0}, {2}, Numbers{2}}, {{2}, {0}}}) == Numbers{2});  // one is empty
  CHECK(join({{{0, 0}, {0, 7}}}) == Numbers{0, 7});
  CHECK(join({{{0, 4}, {0, 3}}, {{0, 0}, {0, 4}}}) == Numbers{0, 7});
}

TEST_CASE("missing elements are an error") {
  CHECK(code({{{1}, {3}}}) == Code::incomplete);
  CHECK(code({{{0}, {2}}, {{3}, {1}}}) == Code::incomplete);
  CHECK(code({{{0, 0}, {2, 2}}, {{2, 2}, {2, 2}}}) == Code::incomplete);
  CHECK(message({{{0}, {2}, Numbers{5}}}) ==
        "tensor \"w\": its parts have 2 of 5 elements, one is in \"file 0\"");
}

TEST_CASE("parts that overlap are an error, replicas too") {
  CHECK(message({{{0}, {3}}, {{4}, {1}}, {{2}, {2}}}) ==
        "tensor \"w\": its parts in \"file 0\" and \"file 2\" overlap");
  CHECK(code({{{0}, {2}}, {{0}, {2}}}) == Code::offset);
  CHECK(code({{{}, {}}, {{}, {}}}) == Code::offset);
  // As many elements as the whole.
  CHECK(code({{{0, 0}, {2, 2}}, {{1, 1}, {2, 2}}, {{0, 2}, {1, 1}}}) == Code::offset);
}

TEST_CASE("a part that exceeds the global shape is an error") {
  CHECK(message({{{0}, {2}}, {{2}, {2}, Numbers{3}}}) ==
        "tensor \"w\": its part ends at 4 of dimension 0, which has 3, in \"file 1\"");
  CHECK(code({{{18446744073709551615u}, {1}}}) == Code::offset);
  CHECK(code({{{4}, {0}}, {{0}, {3}, Numbers{3}}}) == Code::offset);
}

TEST_CASE("parts that contradict each other are an error") {
  CHECK(code({{{0}, {2}}, {{2}, {2}, std::nullopt, Dtype::i8}}) == Code::dtype);
  CHECK(code({{{0}, {2}}, {{2, 0}, {2, 1}}}) == Code::schema);
  CHECK(code({{{0}, {2, 1}}}) == Code::schema);
  CHECK(code({{{0}, {2}, Numbers{4}}, {{2}, {2}, Numbers{5}}}) == Code::schema);
  CHECK(message({{{0}, {2}}, {{2}, {2}, std::nullopt, Dtype::i8}}) ==
        "tensor \"w\": its part in \"file 1\" has dtype I8, that in \"file 0\" has U8");
}

TEST_CASE("the whole must have a size in 64 bits, of whole bytes") {
  CHECK(code({{{0, 0}, {0, 0}, Numbers{1ull << 33, 1ull << 33}}}) == Code::overflow);
  CHECK(code({{{0}, {3}, std::nullopt, Dtype::f4}}) == Code::subbyte);
}

TEST_CASE("runs of a part, and their offsets in the whole") {
  const struct {
    Numbers shape;
    Box box;
    std::uint64_t size;
    Numbers offsets;
  } cases[] = {
      {{}, {{}, {}, std::nullopt, Dtype::f32}, 4, {0}},
      {{8}, {{3}, {4}}, 4, {3}},
      {{4, 6}, {{1, 0}, {2, 6}}, 12, {6}},
      {{4, 6}, {{1, 2}, {2, 3}}, 3, {8, 14}},
      {{4, 6}, {{1, 2}, {2, 3}, std::nullopt, Dtype::i32}, 12, {32, 56}},
      {{2, 3, 4}, {{0, 1, 0}, {2, 2, 4}}, 8, {4, 16}},
      {{2, 3, 4}, {{0, 1, 1}, {2, 2, 2}}, 2, {5, 9, 17, 21}},
      {{2, 3, 4}, {{1, 1, 1}, {1, 1, 2}}, 2, {17}},
      {{2, 8}, {{0, 2}, {2, 4}, std::nullopt, Dtype::f4}, 2, {1, 5}},
      {{3, 4}, {{1, 4}, {2, 0}}, 0, {}},
  };
  for (const auto& [shape, box, size, offsets] : cases) {
    const Parts parts({box});
    const PartLayout layout(shape, parts[0]);
    REQUIRE(layout.run_count() == offsets.size());
    CHECK(layout.run_size() == size);
    for (std::uint64_t run = 0; run < offsets.size(); ++run) {
      CHECK(layout.offset_of(run) == offsets[run]);
      CHECK(layout.find(offsets[run]) == run);
      CHECK(layout.find(offsets[run] + size - 1) == run);
      CHECK(layout.find(offsets[run] + size) == run + 1);
    }
    CHECK(layout.find(0) == 0);
  }
}

TEST_CASE("a part inside of a byte is an error") {
  const auto reject = [](const Numbers& shape, const Box& box) {
    return code_of<Error>([&] { PartLayout(shape, Parts({box})[0]); });
  };
  CHECK(reject({2, 4}, {{0, 1}, {2, 2}, std::nullopt, Dtype::f4}) == Code::subbyte);
  CHECK(reject({2, 4}, {{0, 0}, {2, 3}, std::nullopt, Dtype::f4}) == Code::subbyte);
  CHECK(reject({2, 3}, {{0, 0}, {2, 2}, std::nullopt, Dtype::f4}) == Code::subbyte);
}
