#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <string>

#include "code_of.hpp"
#include "error.h"
#include "io/posix/save_path.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

std::string folder_of(const SavePath& target) {
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(target.directory.get()))
      .string();
}

}  // namespace

TEST_CASE("a path is a folder and a name, with the mode of the file that is there") {
  const ScratchDirectory scratch;
  const SavePath fresh = resolve_save_path((scratch / "new").c_str());
  CHECK(fresh.name == "new");
  CHECK_FALSE(fresh.mode);
  CHECK(folder_of(fresh) == std::filesystem::canonical(scratch / "").string());

  write_file(scratch / "old", "x");
  ::chmod((scratch / "old").c_str(), 0640);
  CHECK(resolve_save_path((scratch / "old").c_str()).mode == 0640u);
}

TEST_CASE("symbolic links at the end of a path are followed, dangling ones too") {
  const ScratchDirectory scratch;
  std::filesystem::create_directory(scratch / "sub");
  std::filesystem::create_symlink("sub/second", scratch / "first");
  std::filesystem::create_symlink("third", scratch / "sub/second");
  const SavePath target = resolve_save_path((scratch / "first").c_str());
  CHECK(target.name == "third");
  CHECK(folder_of(target) == std::filesystem::canonical(scratch / "sub").string());

  std::filesystem::create_symlink("loop", scratch / "loop");
  CHECK(code_of<Error>([&] { resolve_save_path((scratch / "loop").c_str()); }) == Code::io);
}

TEST_CASE("a bare name lies in the working folder") {
  CHECK(folder_of(resolve_save_path("bare.safetensors")) ==
        std::filesystem::current_path().string());
}

TEST_CASE("what is no regular file is not replaced") {
  const ScratchDirectory scratch;
  ::mkfifo((scratch / "fifo").c_str(), 0600);
  std::filesystem::create_directory(scratch / "folder");
  for (const std::filesystem::path& path :
       {scratch / "fifo", scratch / "folder", scratch / "folder/",
        std::filesystem::path("/dev/null"), std::filesystem::path("/")}) {
    CAPTURE(path);
    CHECK(code_of<Error>([&] { resolve_save_path(path.c_str()); }) == Code::not_regular);
  }
}

TEST_CASE("a folder that is not there, and no path at all") {
  const ScratchDirectory scratch;
  write_file(scratch / "file", "x");
  CHECK(code_of<Error>([&] { resolve_save_path((scratch / "none/file").c_str()); }) ==
        Code::not_found);
  CHECK(code_of<Error>([&] { resolve_save_path((scratch / "file/x").c_str()); }) ==
        Code::not_found);
  CHECK(code_of<Error>([&] { resolve_save_path(""); }) == Code::invalid_argument);
}
