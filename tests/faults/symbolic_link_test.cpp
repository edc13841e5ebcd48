// Saves to paths that are symbolic links: which links are replaced, and which are rejected.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <filesystem>
#include <string>

#include "child.h"
#include "directory_state.h"
#include "save_request.h"
#include "scratch.h"

namespace {

using namespace faults;

void begin() {
  scratch_enter();
  scratch_clear();
  ::umask(022);
}

bool is_link(const std::string& path) {
  return std::filesystem::is_symlink(std::filesystem::symlink_status(path));
}

constexpr std::uint32_t link_policies[] = {ST_LINK_REPLACE, ST_LINK_FOLLOW};

Outcome save_to(const std::string& path, std::uint32_t link = ST_LINK_REPLACE,
                std::uint32_t durability = ST_DURABILITY_NONE) {
  SaveRequest request;
  request.path = path;
  request.link = link;
  request.durability = durability;
  return in_child([&](st_error* error) { return save(request, error); });
}

// A regular file stands at the path.
void check_replaced(const std::string& path) {
  INFO(path);
  SaveRequest request;
  request.path = path;
  CHECK(save_to(path).status == ST_OK);
  CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(path)));
  CHECK(is_saved(request));
}

// The link is the same as before. `kind` is what the message calls the file.
void check_rejected(const std::string& link, const std::string& kind) {
  REQUIRE(is_link(link));
  const auto content = std::filesystem::read_symlink(link);
  const auto before = names_in(".");
  for (const std::uint32_t policy : link_policies) {
    const Outcome outcome = save_to(link, policy);
    INFO(link << ", policy " << policy << ", message: " << outcome.message);
    CHECK(outcome.status == ST_E_NOT_REGULAR);
    CHECK(outcome.message.find(kind) != std::string::npos);
    REQUIRE(is_link(link));
    CHECK(std::filesystem::read_symlink(link) == content);
    CHECK(names_in(".") == before);
  }
}

std::string descriptor_path(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

// A magic link: the path itself, and a link to it that could be replaced.
void check_magic(int descriptor, const std::string& kind) {
  REQUIRE(descriptor >= 0);
  for (const std::string& path :
       {descriptor_path(descriptor), "/dev/fd/" + std::to_string(descriptor)}) {
    INFO(path);
    const auto before = names_in(".");
    for (const std::uint32_t policy : link_policies) {
      const Outcome outcome = save_to(path, policy);
      INFO("policy " << policy << ", message: " << outcome.message);
      CHECK(outcome.status == ST_E_NOT_REGULAR);
      CHECK(outcome.message.find(kind) != std::string::npos);
      CHECK(names_in(".") == before);
    }
    std::filesystem::create_symlink(path, "link to a descriptor");
    check_rejected("link to a descriptor", kind);
    ::unlink("link to a descriptor");
    std::filesystem::create_symlink(path, "second");
    std::filesystem::create_symlink("second", "link to a link");
    check_rejected("link to a link", kind);
    ::unlink("link to a link");
    ::unlink("second");
  }
  ::close(descriptor);
}

}  // namespace

TEST_CASE("a link into the blobs of a hub cache is replaced, and the blob is unchanged") {
  begin();
  std::filesystem::create_directories("blobs");
  std::filesystem::create_directories("snapshots/main");
  write_content("blobs/0123abcd", "shared", 0444);
  std::filesystem::create_symlink("../../blobs/0123abcd", "snapshots/main/model.safetensors");
  check_replaced("snapshots/main/model.safetensors");
  CHECK(has_content("blobs/0123abcd", "shared"));
  CHECK(mode_of("blobs/0123abcd") == 0444);
  CHECK(names_in("blobs").size() == 1);
  CHECK(names_in("snapshots/main").size() == 1);
}

TEST_CASE("a link to a regular file is replaced, in each durability") {
  begin();
  for (const std::uint32_t durability : {0u + ST_DURABILITY_NONE, 0u + ST_DURABILITY_FSYNC}) {
    for (const bool absolute : {false, true}) {
      scratch_clear();
      write_content("file", "old");
      std::filesystem::create_symlink(absolute ? std::filesystem::absolute("file") : "file",
                                      "link");
      CHECK(save_to("link", ST_LINK_REPLACE, durability).status == ST_OK);
      CHECK_FALSE(is_link("link"));
      CHECK(has_content("file", "old"));
      CHECK(names_in(".").size() == 2);
    }
  }
}

TEST_CASE("of a chain of links, only the first is replaced") {
  begin();
  write_content("file", "old");
  std::filesystem::create_symlink("file", "second");
  std::filesystem::create_symlink("second", "first");
  check_replaced("first");
  CHECK(is_link("second"));
  CHECK(has_content("file", "old"));
}

TEST_CASE("a dangling link is replaced, and its target is not created") {
  begin();
  std::filesystem::create_symlink("absent", "dangling");
  std::filesystem::create_symlink("absent directory/file", "deeply dangling");
  std::filesystem::create_symlink("dangling too", "link to a dangling link");
  std::filesystem::create_symlink("absent", "dangling too");
  check_replaced("dangling");
  check_replaced("deeply dangling");
  check_replaced("link to a dangling link");
  CHECK(is_link("dangling too"));
  CHECK_FALSE(std::filesystem::exists("absent"));
  CHECK(names_in(".").size() == 4);
}

TEST_CASE("links in the directory part of the path are followed") {
  begin();
  std::filesystem::create_directory("directory");
  std::filesystem::create_symlink("directory", "link");
  write_content("directory/file", "old");
  check_replaced("link/file");
  check_replaced("link/new");
  check_replaced("/proc/self/cwd/link/third");
  CHECK(is_link("link"));
  CHECK(names_in("directory") == std::set<std::string>{"file", "new", "third"});
}

TEST_CASE("a link to a directory, FIFO, socket or device is rejected") {
  begin();
  std::filesystem::create_directory("directory");
  REQUIRE(::mkfifo("fifo", 0600) == 0);
  const struct sockaddr_un address = {AF_UNIX, "socket"};
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const struct {
    const char* target;
    const char* kind;
  } cases[] = {{"directory", "a directory"},
               {"fifo", "a FIFO"},
               {"socket", "a socket"},
               {"/dev/null", "device"}};
  for (const auto& [target, kind] : cases) {
    std::filesystem::create_symlink(target, "link");
    check_rejected("link", kind);
    std::filesystem::create_symlink("link", "link to a link");
    check_rejected("link to a link", kind);
    ::unlink("link");
    ::unlink("link to a link");
  }
  ::close(listener);
}

TEST_CASE("a loop of links is an ELOOP error and is kept") {
  begin();
  std::filesystem::create_symlink("b", "a");
  std::filesystem::create_symlink("a", "b");
  for (const std::uint32_t policy : link_policies) {
    const Outcome outcome = save_to("a", policy);
    CHECK(outcome.status == ST_E_IO);
    CHECK(outcome.os_error == ELOOP);
    CHECK(is_link("a"));
    CHECK(names_in(".").size() == 2);
  }
}

TEST_CASE("ST_LINK_FOLLOW replaces the file that the link points to, and keeps its mode") {
  begin();
  std::filesystem::create_directory("directory");
  write_content("directory/file", "old", 0640);
  std::filesystem::create_symlink("directory/file", "second");
  std::filesystem::create_symlink(std::filesystem::absolute("second"), "first");
  SaveRequest request;
  request.path = "directory/file";
  CHECK(save_to("first", ST_LINK_FOLLOW).status == ST_OK);
  CHECK(is_link("first"));
  CHECK(is_link("second"));
  CHECK_FALSE(is_link("directory/file"));
  CHECK(is_saved(request));
  CHECK(mode_of("directory/file") == 0640);
  CHECK(names_in(".").size() == 3);
  CHECK(names_in("directory").size() == 1);
}

TEST_CASE("ST_LINK_FOLLOW creates the file that a dangling link points to") {
  begin();
  std::filesystem::create_directory("directory");
  std::filesystem::create_symlink("directory/new", "link");
  SaveRequest request;
  request.path = "directory/new";
  CHECK(save_to("link", ST_LINK_FOLLOW).status == ST_OK);
  CHECK(is_link("link"));
  CHECK(is_saved(request));
  std::filesystem::create_symlink("absent/new", "lost");
  CHECK(save_to("lost", ST_LINK_FOLLOW).status == ST_E_NOT_FOUND);
  CHECK(is_link("lost"));
}

TEST_CASE("a descriptor's path in /proc is rejected, whatever is open there") {
  begin();
  write_content("file", "old");
  std::filesystem::create_directory("directory");
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  check_magic(ends[1], "FIFO");
  ::close(ends[0]);
  check_magic(::memfd_create("model", MFD_CLOEXEC), "/proc");
  check_magic(::open("file", O_RDWR | O_CLOEXEC), "/proc");
  check_magic(::open("directory", O_RDONLY | O_CLOEXEC), "directory");
  check_magic(::open("/dev/null", O_RDWR | O_CLOEXEC), "device");
  CHECK(has_content("file", "old"));

  const int deleted = ::open("deleted", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(::unlink("deleted") == 0);
  check_magic(deleted, "/proc");
  // A file of the name that the magic link displays.
  const int replaced = ::open("replaced", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(::unlink("replaced") == 0);
  write_content("replaced (deleted)", "unrelated");
  check_magic(replaced, "/proc");
  CHECK(has_content("replaced (deleted)", "unrelated"));
  const int unnamed = ::open(".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
  if (unnamed >= 0) check_magic(unnamed, "/proc");
  CHECK(names_in(".") == std::set<std::string>{"directory", "file", "replaced (deleted)"});
}

TEST_CASE("/dev/stdout is rejected, also where standard output is a regular file") {
  begin();
  write_content("output", "printed");
  for (const char* path : {"/dev/stdout", "/proc/self/fd/1", "/proc/thread-self/fd/1", "link"}) {
    INFO(path);
    ::unlink("link");
    std::filesystem::create_symlink("/dev/stdout", "link");
    const bool in_dev = std::string(path) == "/dev/stdout";
    SaveRequest request;
    request.path = path;
    const Outcome outcome = in_child([&](st_error* error) {
      const int output = ::open("output", O_WRONLY | O_CLOEXEC);
      // Without privileges in /dev: a defect must not cost the machine its link.
      if (::dup2(output, STDOUT_FILENO) < 0 || (in_dev && !become_nobody())) ::_exit(1);
      return save(request, error);
    });
    CHECK(outcome.status == ST_E_NOT_REGULAR);
    CHECK(has_content("output", "printed"));
    CHECK(is_link("link"));
    CHECK(names_in(".").size() == 2);
  }
  CHECK(is_link("/dev/stdout"));
}
