#include "edit_in_place.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "code_of.hpp"
#include "error.h"

using namespace st;

namespace {

// A file in memory that notes what is done to it, and whose call number `failing` fails.
class MemoryFile final : public EditableFile {
 public:
  explicit MemoryFile(std::string content)
      : content(std::move(content)),
        source_(copy_memory(this->content.data(), this->content.size(), Access::read_only)) {}

  const std::shared_ptr<const Source>& source() const noexcept override { return source_; }
  std::uint64_t block_size() const noexcept override { return 16; }
  void overwrite(std::uint64_t offset, std::span<const std::byte> bytes) override {
    note("overwrite " + std::to_string(offset) + "+" + std::to_string(bytes.size()));
    std::transform(bytes.begin(), bytes.end(),
                   content.begin() + static_cast<std::ptrdiff_t>(offset),
                   [](std::byte byte) { return static_cast<char>(byte); });
  }
  bool insert_start(std::uint64_t count) override {
    note("insert");
    if (can_insert) content.insert(0, static_cast<std::size_t>(count), '\0');
    return can_insert;
  }
  void remove_start(std::uint64_t count) override {
    note("remove");
    content.erase(0, static_cast<std::size_t>(count));
  }
  void sync() override { note("sync"); }

  std::string content;
  std::vector<std::string> calls;
  int failing = -1;       // the number of the call that fails
  bool fails_on = false;  // whether those after it fail too
  bool can_insert = true;

 private:
  void note(const std::string& call) {
    const int number = static_cast<int>(calls.size());
    calls.push_back(call);
    if (number == failing || (fails_on && number > failing)) {
      throw Error(Code::io, Message() << "call " << std::uint64_t(number));
    }
  }

  std::shared_ptr<const Source> source_;
};

using Calls = std::vector<std::string>;

const std::string old_file = "LENGTH__old headDATA";
const std::string fitting = "LENGTH__new     ";
const std::string longer = "length__a new header that is    ";  // 16 bytes more

}  // namespace

TEST_CASE("a header of the same size is overwritten by one call, without its length") {
  MemoryFile file(old_file);
  overwrite_header(&file, fitting, Durability::none);
  CHECK(file.content == fitting + "DATA");
  CHECK(file.calls == Calls{"overwrite 8+8"});
  overwrite_header(&file, fitting, Durability::fsync);
  CHECK(file.calls == Calls{"overwrite 8+8", "overwrite 8+8", "sync"});
}

TEST_CASE("the length of an inserted header is written last") {
  MemoryFile file(old_file), durable(old_file);
  CHECK(insert_header(&file, longer, 16, Durability::none));
  CHECK(file.content == longer + "DATA");
  CHECK(file.calls == Calls{"insert", "overwrite 8+24", "overwrite 0+8"});
  CHECK(insert_header(&durable, longer, 16, Durability::fsync));
  CHECK(durable.calls == Calls{"insert", "overwrite 8+24", "sync", "overwrite 0+8", "sync"});
}

TEST_CASE("a file system that cannot insert blocks leaves the file as it is") {
  MemoryFile file(old_file);
  file.can_insert = false;
  CHECK_FALSE(insert_header(&file, longer, 16, Durability::fsync));
  CHECK(file.content == old_file);
  CHECK(file.calls == Calls{"insert"});
}

TEST_CASE("a failure restores the old header, except in the last sync") {
  for (int failing = 0; failing < 5; ++failing) {
    MemoryFile file(old_file);
    file.failing = failing;
    CHECK(message_of<Error>([&] { insert_header(&file, longer, 16, Durability::fsync); }) ==
          "call " + std::to_string(failing));
    CHECK(file.content == (failing == 4 ? longer + "DATA" : old_file));
  }
  for (int failing = 0; failing < 2; ++failing) {
    MemoryFile file(old_file);
    file.failing = failing;
    CHECK(code_of<Error>([&] { overwrite_header(&file, fitting, Durability::fsync); }) == Code::io);
    CHECK(file.content == (failing == 1 ? fitting + "DATA" : old_file));
  }
}

TEST_CASE("a header that cannot be restored is reported") {
  MemoryFile file(old_file);
  file.failing = 1;
  file.fails_on = true;
  CHECK(message_of<Error>([&] { insert_header(&file, longer, 16, Durability::none); }) ==
        "the file's header is damaged: call 1; it cannot be restored: call 2");
}
