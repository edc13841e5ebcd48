#include "io/posix/save_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <string>

#include "code_of.hpp"
#include "scratch_directory.hpp"

using namespace st;

namespace {

SavePath resolve(const std::string& path, LinkPolicy link = LinkPolicy::replace) {
  return resolve_save_path(path.c_str(), link);
}

std::string directory_of(const SavePath& target) {
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(target.directory.get()))
      .string();
}

std::string real_path(const std::filesystem::path& path) {
  return std::filesystem::canonical(path).string();
}

}  // namespace

TEST_CASE("a path is a directory and a name, with the mode of the file that exists") {
  const ScratchDirectory scratch;
  const SavePath fresh = resolve(scratch / "new");
  CHECK(fresh.name == "new");
  CHECK_FALSE(fresh.exists);
  CHECK_FALSE(fresh.mode);
  CHECK(directory_of(fresh) == real_path(scratch / ""));

  write_file(scratch / "old", "x");
  ::chmod((scratch / "old").c_str(), 0640);
  CHECK(resolve(scratch / "old").exists);
  CHECK(resolve(scratch / "old").mode == 0640u);
}

TEST_CASE("a path without a slash is in the working directory") {
  CHECK(directory_of(resolve("bare.safetensors")) == std::filesystem::current_path().string());
}

TEST_CASE("a symbolic link is the target itself, with the mode of the file that it points to") {
  const ScratchDirectory scratch;
  std::filesystem::create_directory(scratch / "blobs");
  write_file(scratch / "blobs/blob", "x");
  ::chmod((scratch / "blobs/blob").c_str(), 0604);
  std::filesystem::create_symlink("blobs/blob", scratch / "first");
  std::filesystem::create_symlink("first", scratch / "second");
  for (const char* name : {"first", "second"}) {
    const SavePath target = resolve(scratch / name);
    CHECK(target.name == name);
    CHECK(directory_of(target) == real_path(scratch / ""));
    CHECK(target.exists);
    CHECK(target.mode == 0604u);
  }
}

TEST_CASE("a dangling symbolic link is the target itself, without a mode") {
  const ScratchDirectory scratch;
  write_file(scratch / "file", "x");
  std::filesystem::create_symlink("missing", scratch / "to a name");
  std::filesystem::create_symlink("missing/file", scratch / "to a directory");
  std::filesystem::create_symlink("file/file", scratch / "below a file");
  std::filesystem::create_symlink("file/", scratch / "file with a slash");
  std::filesystem::create_symlink("missing/", scratch / "name with a slash");
  for (const char* name :
       {"to a name", "to a directory", "below a file", "file with a slash", "name with a slash"}) {
    CAPTURE(name);
    const SavePath target = resolve(scratch / name);
    CHECK(target.name == name);
    CHECK(target.exists);
    CHECK_FALSE(target.mode);
  }
}

TEST_CASE("LinkPolicy::follow resolves links to the directory and name of their last file") {
  const ScratchDirectory scratch;
  std::filesystem::create_directory(scratch / "sub");
  std::filesystem::create_symlink("./sub//../sub/second", scratch / "first");
  std::filesystem::create_symlink(scratch / "sub/third", scratch / "sub/second");
  SavePath target = resolve(scratch / "first", LinkPolicy::follow);
  CHECK(target.name == "third");
  CHECK(directory_of(target) == real_path(scratch / "sub"));
  CHECK_FALSE(target.exists);
  CHECK_FALSE(target.mode);

  write_file(scratch / "sub/third", "x");
  ::chmod((scratch / "sub/third").c_str(), 0604);
  target = resolve(scratch / "first", LinkPolicy::follow);
  CHECK(target.name == "third");
  CHECK(target.exists);
  CHECK(target.mode == 0604u);

  // Links to directories in the middle of a link.
  std::filesystem::create_symlink("sub", scratch / "alias");
  std::filesystem::create_symlink("alias/fourth", scratch / "fourth");
  target = resolve(scratch / "fourth", LinkPolicy::follow);
  CHECK(target.name == "fourth");
  CHECK(directory_of(target) == real_path(scratch / "sub"));

  std::filesystem::create_symlink("missing/file", scratch / "lost");
  CHECK(code_of<Error>([&] { resolve(scratch / "lost", LinkPolicy::follow); }) == Code::not_found);
}

TEST_CASE("loops of symbolic links are an error") {
  const ScratchDirectory scratch;
  std::filesystem::create_symlink("loop", scratch / "loop");
  std::filesystem::create_symlink("b/x", scratch / "a");
  std::filesystem::create_symlink("a/x", scratch / "b");
  for (const LinkPolicy link : {LinkPolicy::replace, LinkPolicy::follow}) {
    for (const char* name : {"loop", "a"}) {
      CHECK(message_of<Error>([&] { resolve(scratch / name, link); }) ==
            "cannot resolve the symbolic link \"" + (scratch / name).string() +
                "\": Too many levels of symbolic links");
    }
  }
}

TEST_CASE("files that are not regular are rejected, and links to them") {
  const ScratchDirectory scratch;
  ::mkfifo((scratch / "fifo").c_str(), 0600);
  std::filesystem::create_directory(scratch / "directory");
  std::filesystem::create_symlink("fifo", scratch / "link to a fifo");
  std::filesystem::create_symlink("directory", scratch / "link to a directory");
  std::filesystem::create_symlink("directory/.", scratch / "link to a dot");
  std::filesystem::create_symlink("/", scratch / "link to the root");
  std::filesystem::create_symlink("/dev/null", scratch / "link to a device");
  for (const LinkPolicy link : {LinkPolicy::replace, LinkPolicy::follow}) {
    for (const std::string& path :
         {(scratch / "fifo").string(), (scratch / "directory").string(),
          (scratch / "directory/").string(), (scratch / "directory/..").string(),
          (scratch / "link to a fifo").string(), (scratch / "link to a directory").string(),
          (scratch / "link to a dot").string(), (scratch / "link to the root").string(),
          (scratch / "link to a device").string(), std::string("/dev/null"), std::string("/"),
          std::string("."), std::string("..")}) {
      CAPTURE(path);
      CHECK(code_of<Error>([&] { resolve(path, link); }) == Code::not_regular);
    }
  }
  CHECK(message_of<Error>([&] { resolve(scratch / "link to a fifo"); }) ==
        "cannot save to \"" + (scratch / "link to a fifo").string() +
            "\": it is a symbolic link to a FIFO, not a regular file");
}

TEST_CASE("a directory that does not exist, and an empty path, are errors") {
  const ScratchDirectory scratch;
  write_file(scratch / "file", "x");
  CHECK(code_of<Error>([&] { resolve(scratch / "none/file"); }) == Code::not_found);
  CHECK(code_of<Error>([&] { resolve(scratch / "file/x"); }) == Code::not_found);
  CHECK(code_of<Error>([&] { resolve(""); }) == Code::invalid_argument);
}
