#include "io/posix/preallocate.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <string>

#include "code_of.hpp"
#include "error.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

FileDescriptor create(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
}

}  // namespace

TEST_CASE("a size that no file system has is an error that names the path") {
  const ScratchDirectory scratch;
  const FileDescriptor file = create(scratch / "file");
  struct statfs status;
  REQUIRE(::fstatfs(file.get(), &status) == 0);
  if (status.f_type == BTRFS_SUPER_MAGIC) SKIP("btrfs compresses: files are not preallocated");
  const std::string message = message_of<Error>([&] { preallocate(file, INT64_MAX, "the path"); });
  CHECK((message == "cannot allocate the space of \"the path\": File too large" ||
         message == "cannot allocate the space of \"the path\": No space left on device"));
}

TEST_CASE("files without fallocate are not preallocated") {
  const ScratchDirectory scratch;
  REQUIRE(::mkfifo((scratch / "fifo").c_str(), 0600) == 0);
  const FileDescriptor fifo(::open((scratch / "fifo").c_str(), O_RDWR | O_CLOEXEC));
  CHECK_NOTHROW(preallocate(fifo, 4096, "fifo"));
  const FileDescriptor device(::open("/dev/null", O_RDWR | O_CLOEXEC));
  CHECK_NOTHROW(preallocate(device, 4096, "/dev/null"));
}
