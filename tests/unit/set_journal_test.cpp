#include "format/set_journal.h"

#include <catch2/catch_test_macros.hpp>

namespace {

st::SetJournal sample() {
  return {"index",
          {{"1", "model-00001-of-00002.safetensors", {12, 34, -5, 6}}, {"2", "é", {}}},
          {{"old.safetensors", {UINT64_MAX, UINT64_MAX, INT64_MIN, INT64_MAX}}}};
}

}  // namespace

TEST_CASE("a journal is read as it was written") {
  const auto read = st::parse_journal(st::write_journal(sample()));
  REQUIRE(read);
  CHECK(read->commit == "index");
  REQUIRE(read->added.size() == 2);
  CHECK(read->added[0].staged == "1");
  CHECK(read->added[0].name == "model-00001-of-00002.safetensors");
  CHECK(read->added[0].identity == st::FileStamp{12, 34, -5, 6});
  CHECK(read->added[1].name == "é");
  REQUIRE(read->removed.size() == 1);
  CHECK(read->removed[0].name == "old.safetensors");
  CHECK(read->removed[0].identity == sample().removed[0].identity);
}

TEST_CASE("a journal that is incomplete is ignored") {
  const std::string text = st::write_journal(sample());
  for (std::size_t length = 0; length < text.size(); ++length)
    CHECK_FALSE(st::parse_journal(text.substr(0, length)));
  CHECK_FALSE(st::parse_journal(text + "x"));
}

TEST_CASE("a journal whose names could leave the directory is ignored") {
  for (const char* name : {"", ".", "..", "a/b", "../a", "/a"}) {
    st::SetJournal journal = sample();
    journal.removed[0].name = name;
    CHECK_FALSE(st::parse_journal(st::write_journal(journal)));
    journal = sample();
    journal.added[0].staged = name;
    CHECK_FALSE(st::parse_journal(st::write_journal(journal)));
    journal = sample();
    journal.commit = name;
    CHECK_FALSE(st::parse_journal(st::write_journal(journal)));
  }
}
