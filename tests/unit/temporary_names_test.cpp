#include "io/posix/temporary_names.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "scratch_directory.hpp"

using namespace st;

namespace {

using Set = std::set<std::string>;

// .st- and the FNV-1a hash of "file".
const std::string first = ".st-aad01178f02a6a23";

struct Directory {
  ScratchDirectory scratch;
  FileDescriptor descriptor{::open((scratch / "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
};

// A save that created its temporary file. Without end(), it is killed: its descriptors are closed.
struct Save {
  explicit Save(const Directory& directory)
      : names(std::make_unique<TemporaryNames>(directory.descriptor.get(), "file")) {
    name = names->claim([&](const std::string& candidate) {
      file =
          open_at(directory.descriptor.get(), candidate.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600);
      return file && names->lock_created(file, candidate);
    });
  }

  void end() { names->remove(name->c_str(), std::move(file)); }

  FileDescriptor file;
  std::unique_ptr<TemporaryNames> names;
  std::optional<std::string> name;
};

void remove_leftovers(const Directory& directory) {
  TemporaryNames(directory.descriptor.get(), "file").remove_leftovers();
}

}  // namespace

TEST_CASE("a save alone uses the target's own temporary name") {
  const Directory directory;
  Save save(directory);
  CHECK(save.name == first);
  CHECK(directory.scratch.names() == Set{first});
  save.end();
  CHECK(directory.scratch.names().empty());
}

TEST_CASE("simultaneous saves have different names, and remove all of them") {
  const Directory directory;
  {
    Save a(directory), b(directory), c(directory);
    CHECK(a.name == first);
    CHECK(b.name->starts_with(first + "-"));
    CHECK(c.name->starts_with(first + "-"));
    CHECK(b.name != c.name);
    CHECK(directory.scratch.names() == Set{first, *b.name, *c.name, first + "-rivals"});
    a.end();
    b.end();
    c.end();
  }
  CHECK(directory.scratch.names().empty());
}

TEST_CASE("the files of running saves are kept") {
  const Directory directory;
  {
    Save a(directory), b(directory);
    remove_leftovers(directory);
    CHECK(directory.scratch.names() == Set{first, *a.name, *b.name, first + "-rivals"});
    a.end();
    b.end();
  }
  CHECK(directory.scratch.names().empty());
}

TEST_CASE("the file of a killed save is removed") {
  const Directory directory;
  { const Save killed(directory); }
  CHECK(directory.scratch.names() == Set{first});
  remove_leftovers(directory);
  CHECK(directory.scratch.names().empty());
}

TEST_CASE("the name of a killed save is used again") {
  const Directory directory;
  { const Save killed(directory); }
  Save next(directory);
  CHECK(next.name == first);
  next.end();
  CHECK(directory.scratch.names().empty());
}

// As the kernel leaves them: files of any mode that nobody has open or locked.
TEST_CASE("all files of killed simultaneous saves are removed, and no others") {
  const Directory directory;
  const ScratchDirectory& scratch = directory.scratch;
  const Set foreign = {".st-0000000000000000", ".st-0000000000000000-0123456789abcdef",
                       first + "-0123456789abcdef-unlocked", first + "x0123456789abcdef", "file"};
  for (const std::string& name : foreign)
    write_file(scratch / name, "foreign");
  for (const char* suffix : {"", "-0123456789abcdef", "-fedcba9876543210", "-rivals", "-trash"})
    write_file(scratch / (first + suffix), "left");
  REQUIRE(::chmod((scratch / (first + "-0123456789abcdef")).c_str(), 0400) == 0);
  remove_leftovers(directory);
  CHECK(scratch.names() == foreign);
}

TEST_CASE("files of killed saves are kept while a simultaneous save runs, which removes them") {
  const Directory directory;
  const std::string left = first + "-0123456789abcdef";
  {
    Save a(directory), b(directory);
    write_file(directory.scratch / left, "left");
    remove_leftovers(directory);
    CHECK(directory.scratch.names().contains(left));
    a.end();
    b.end();
  }
  CHECK(directory.scratch.names().empty());
}

TEST_CASE("a file that another save takes for a leftover before it is locked is given up") {
  const Directory directory;
  const ScratchDirectory& scratch = directory.scratch;
  TemporaryNames names(directory.descriptor.get(), "file");
  int created = 0;
  FileDescriptor file;
  const auto name = names.claim([&](const std::string& candidate) {
    file =
        open_at(directory.descriptor.get(), candidate.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (file && created++ == 0) remove_leftovers(directory);
    return file && names.lock_created(file, candidate);
  });
  REQUIRE(name);
  CHECK(created == 2);
  CHECK(scratch.names() == Set{*name});
  names.remove(name->c_str(), std::move(file));
  CHECK(scratch.names().empty());
}

TEST_CASE("names that are not regular files are kept, and not waited for") {
  const Directory directory;
  REQUIRE(::mkfifo((directory.scratch / first).c_str(), 0600) == 0);
  remove_leftovers(directory);
  Save save(directory);
  REQUIRE(save.name);
  CHECK(save.name != first);
  save.end();
  CHECK(directory.scratch.names().contains(first));
}

TEST_CASE("an error other than EEXIST ends the search for a name") {
  const Directory directory;
  TemporaryNames names(directory.descriptor.get(), "file");
  int calls = 0;
  const auto name = names.claim([&](const std::string&) {
    ++calls;
    errno = ENOSPC;
    return false;
  });
  CHECK(errno == ENOSPC);
  CHECK_FALSE(name);
  CHECK(calls == 1);
}
