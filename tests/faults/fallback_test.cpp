// System calls that a save can do without: the file is complete, and nothing is left beside it.
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <safetensors/safetensors.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "faults.h"
#include "scratch.h"
#include "versions.h"

namespace {

using faults::Versions;

const Versions& versions() {
  static const Versions two(2);
  return two;
}

void enter() {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
  versions();
}

constexpr int unexpected_errors[] = {EPERM,  EACCES,     ENOSYS, EINVAL, EIO,
                                     ENOENT, EOPNOTSUPP, EXDEV,  EMLINK, ESTALE};

st_save_options durable() {
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.durability = ST_DURABILITY_FSYNC;
  return options;
}

// Files are not preallocated there.
bool on_btrfs() {
  struct statfs status;
  return ::statfs(".", &status) == 0 && status.f_type == BTRFS_SUPER_MAGIC;
}

mode_t mode_of(const char* path) {
  struct stat status;
  return ::stat(path, &status) == 0 ? status.st_mode & 07777 : 0;
}

// Makes the working directory append-only; false if that is not possible.
class AppendOnly {
 public:
  AppendOnly() : directory_(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) { set(FS_APPEND_FL); }
  AppendOnly(const AppendOnly&) = delete;
  AppendOnly& operator=(const AppendOnly&) = delete;
  ~AppendOnly() {
    set(0);
    ::close(directory_);
  }
  explicit operator bool() const { return is_set_; }

 private:
  void set(int flag) {
    int flags = 0;
    is_set_ = ::ioctl(directory_, FS_IOC_GETFLAGS, &flags) == 0;
    flags = (flags & ~FS_APPEND_FL) | flag;
    is_set_ = is_set_ && ::ioctl(directory_, FS_IOC_SETFLAGS, &flags) == 0;
  }

  int directory_;
  bool is_set_ = false;
};

struct Outcome {
  st_status status;
  st_error error;
  faults_report report;
};

Outcome save(const faults_plan& plan, const st_save_options& options) {
  Outcome outcome{};
  outcome.error = ST_ERROR_INIT;
  faults_arm(&plan);
  outcome.status = versions().save("file", 1, options, &outcome.error);
  outcome.report = faults_disarm();
  return outcome;
}

// Saves version 1, over version 0 if `replaces`.
Outcome save_anew(const faults_plan& plan, const st_save_options& options, bool replaces) {
  scratch_clear();
  if (replaces) REQUIRE(versions().save("file", 0) == ST_OK);
  return save(plan, options);
}

void check_saved(const Outcome& outcome) {
  CHECK(outcome.status == ST_OK);
  CHECK(versions().find("file") == 1);
  CHECK(scratch_count() == 1);
  CHECK(outcome.report.blocks == 0);
  CHECK(outcome.report.descriptors == 0);
}

// Saves a tensor of one byte that comes from `fill`.
st_status save_filled(const faults_plan& plan, st_fill_fn fill, void* user_data) {
  const std::uint64_t size = 1;
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.shape = &size;
  tensor.rank = 1;
  tensor.nbytes = size;
  tensor.fill = fill;
  tensor.user_data = user_data;
  faults_arm(&plan);
  const st_status status = st_save("file", &tensor, 1, nullptr, nullptr);
  faults_disarm();
  return status;
}

faults_plan plan_of(const char* function, int os_error, long fail_at = 0, bool forever = true) {
  faults_plan plan = FAULTS_PLAN_INIT;
  plan.only = function;
  plan.os_error = os_error;
  plan.fail_at = fail_at;
  plan.forever = forever;
  return plan;
}

}  // namespace

TEST_CASE("without O_TMPFILE the temporary file has a name, whatever the error") {
  enter();
  for (const int os_error : unexpected_errors) {
    for (const bool replaces : {false, true}) {
      faults_plan plan = FAULTS_PLAN_INIT;
      plan.tmpfile_error = os_error;
      INFO("errno " << os_error << ", replaces " << replaces);
      check_saved(save_anew(plan, durable(), replaces));
    }
  }
}

// The first linkat() of a save is a trial, the second one gives the complete file its name.
TEST_CASE("without linkat() the temporary file has a name, whatever the error") {
  enter();
  for (const int os_error : unexpected_errors) {
    for (const bool replaces : {false, true}) {
      for (const long fail_at : {0, 1}) {
        for (const bool forever : {false, true}) {
          INFO("errno " << os_error << ", replaces " << replaces << ", call " << fail_at);
          const auto outcome =
              save_anew(plan_of("linkat", os_error, fail_at, forever), durable(), replaces);
          CHECK(outcome.report.failed > 0);
          check_saved(outcome);
        }
      }
    }
  }
}

TEST_CASE("a copy of the file that linkat() rejects has its mode and is synced") {
  enter();
  st_save_options options = durable();
  options.mode = 0604;
  const auto outcome = save_anew(plan_of("linkat", EACCES, 1), options, true);
  check_saved(outcome);
  CHECK(mode_of("file") == 0604);
  CHECK(outcome.report.fsyncs == 3);  // the file, its copy, the directory
  CHECK(save_anew(FAULTS_PLAN_INIT, options, true).report.fsyncs == 2);
}

TEST_CASE("only a lack of space makes preallocation fail") {
  enter();
  if (on_btrfs()) SKIP("btrfs");
  for (const int os_error : unexpected_errors) {
    INFO("errno " << os_error);
    check_saved(save_anew(plan_of("fallocate", os_error), durable(), true));
  }
  for (const int os_error : {ENOSPC, EDQUOT, EFBIG}) {
    const auto outcome = save_anew(plan_of("fallocate", os_error), durable(), true);
    CHECK(outcome.status == ST_E_IO);
    CHECK(outcome.error.os_error == os_error);
    CHECK(versions().find("file") == 0);
    CHECK(scratch_count() == 1);
  }
}

TEST_CASE("permission bits that the file system does not support fail only on request") {
  enter();
  const mode_t mask = ::umask(022);
  for (const int tmpfile_error : {0, EOPNOTSUPP}) {
    for (const int os_error : {EPERM, ENOSYS, EOPNOTSUPP}) {
      faults_plan plan = plan_of("fchmod", os_error);
      plan.tmpfile_error = tmpfile_error;
      scratch_clear();
      REQUIRE(versions().save("file", 0) == ST_OK);
      REQUIRE(::chmod("file", 0666) == 0);
      st_save_options options = ST_SAVE_OPTIONS_INIT;
      const auto inherited = save(plan, options);
      CHECK(inherited.report.failed == 1);
      check_saved(inherited);
      CHECK(mode_of("file") == 0644);

      options.mode = 0660;
      REQUIRE(versions().save("file", 0) == ST_OK);
      const auto requested = save(plan, options);
      CHECK(requested.error.os_error == os_error);
      CHECK(std::string(requested.error.message).starts_with("cannot set the permission bits of"));
      CHECK(versions().find("file") == 0);
      CHECK(scratch_count() == 1);

      // Bits that the file has already need no fchmod().
      options.mode = 0640;
      check_saved(save(plan, options));
      CHECK(mode_of("file") == 0640);
    }
  }
  ::umask(mask);
}

TEST_CASE("a temporary file never has more permissions than the file") {
  enter();
  const mode_t mask = ::umask(022);
  faults_plan plan = FAULTS_PLAN_INIT;
  plan.tmpfile_error = EOPNOTSUPP;
  scratch_clear();
  REQUIRE(versions().save("file", 0) == ST_OK);
  REQUIRE(::chmod("file", 0600) == 0);
  mode_t seen = 0;
  const auto look = [](void* user_data, std::uint64_t, void*, std::uint64_t) -> std::int32_t {
    *static_cast<mode_t*>(user_data) = mode_of(faults::first_temporary_name);
    return 0;
  };
  const st_status status = save_filled(plan, look, &seen);
  CHECK(status == ST_OK);
  CHECK(seen == 0600);
  CHECK(mode_of("file") == 0600);
  ::umask(mask);
}

TEST_CASE("file systems without an fsync of directories are accepted") {
  enter();
  for (const int os_error : {EINVAL, EOPNOTSUPP, ENOSYS, EBADF}) {
    INFO("errno " << os_error);
    check_saved(save_anew(plan_of("fsync", os_error, 1), durable(), true));
    // The file's own fsync must succeed.
    const auto outcome = save_anew(plan_of("fsync", os_error, 0, false), durable(), true);
    CHECK(outcome.error.os_error == os_error);
    CHECK(versions().find("file") == 0);
  }
}

TEST_CASE("a durable save that cannot open the directory fails before it replaces the file") {
  enter();
  for (const int os_error : {EACCES, EMFILE, ENFILE}) {
    long opens = 0;
    for (;; ++opens) {
      const auto outcome = save_anew(plan_of("openat", os_error, opens), durable(), true);
      if (outcome.report.failed == 0) break;
      INFO("errno " << os_error << ", openat " << opens);
      if (outcome.status == ST_OK) {
        check_saved(outcome);
      } else {
        CHECK(versions().find("file") == 0);
        CHECK(scratch_count() == 1);
      }
    }
    CHECK(opens > 2);
  }
}

TEST_CASE("an error of the close before the rename is the save's") {
  enter();
  for (const int tmpfile_error : {0, EOPNOTSUPP}) {
    for (const int os_error : {EIO, EDQUOT, ENOSPC}) {
      int failures = 0;
      for (long close = 0;; ++close) {
        faults_plan plan = plan_of("close", os_error, close, false);
        plan.tmpfile_error = tmpfile_error;
        const auto outcome = save_anew(plan, ST_SAVE_OPTIONS_INIT, true);
        if (outcome.report.failed == 0) break;
        INFO("errno " << os_error << ", close " << close);
        CHECK(scratch_count() == 1);
        if (outcome.status == ST_OK) continue;
        ++failures;
        CHECK(outcome.error.os_error == os_error);
        CHECK(std::string(outcome.error.message).starts_with("cannot close \"file\": "));
        CHECK(versions().find("file") == 0);
      }
      CHECK(failures == 1);
    }
  }
}

TEST_CASE("in an append-only directory, which keeps every name, a failed save leaves none") {
  enter();
  for (const bool replaces : {false, true}) {
    for (const int tmpfile_error : {0, EOPNOTSUPP}) {
      scratch_clear();
      if (replaces) REQUIRE(versions().save("file", 0) == ST_OK);
      faults_plan plan = FAULTS_PLAN_INIT;
      plan.tmpfile_error = tmpfile_error;
      const AppendOnly append_only;
      if (!append_only) SKIP("the file system, or the user, cannot make a directory append-only");
      const auto outcome = save(plan, durable());
      if (!replaces && tmpfile_error == 0) {
        check_saved(outcome);
        continue;
      }
      CHECK(outcome.error.message == std::string("cannot rename or remove files in the append-only "
                                                 "directory of \"file\": Operation not permitted"));
      CHECK(outcome.report.written == 0);
      CHECK(scratch_count() == (replaces ? 1 : 0));
    }
  }
  // A new file can fail after it was written: without linkat(), or if another process creates one.
  scratch_clear();
  const AppendOnly append_only;
  CHECK(save(plan_of("linkat", EACCES, 1), durable()).status == ST_E_PERMISSION);
  CHECK(scratch_count() == 0);
  const auto create = [](void*, std::uint64_t, void*, std::uint64_t) -> std::int32_t {
    scratch_write("file", "theirs", 6);
    return 0;
  };
  CHECK(save_filled(FAULTS_PLAN_INIT, create, nullptr) == ST_E_PERMISSION);
  CHECK(scratch_count() == 1);
  CHECK(scratch_holds("file", "theirs", 6));
}

// The kernel can forbid following a link that it allows to read (fs.protected_symlinks).
TEST_CASE("a link that the kernel does not follow is not followed") {
  enter();
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.link = ST_LINK_FOLLOW;
  int failures = 0;
  for (long call = 0;; ++call) {
    scratch_clear();
    REQUIRE(versions().save("target", 0) == ST_OK);
    REQUIRE(::symlink("target", "file") == 0);
    const auto outcome = save(plan_of("fstatat", EACCES, call, false), options);
    if (outcome.report.failed == 0) break;
    if (outcome.status == ST_OK) continue;
    CHECK(outcome.status == ST_E_PERMISSION);
    CHECK(versions().find("target") == 0);
    failures += outcome.error.message ==
                std::string("cannot follow the symbolic link \"file\": Permission denied");
  }
  CHECK(failures == 1);
}

TEST_CASE("a message has the path and the operation that failed") {
  enter();
  const struct {
    const char* function;
    int os_error;
    const char* message;
  } cases[] = {
      {"fstatat", EIO, "cannot stat \"file\": Input/output error"},
      {"fallocate", ENOSPC, "cannot allocate the space of \"file\": No space left on device"},
      {"pwritev", EFBIG, "cannot write \"file\": File too large"},
      {"fsync", EIO, "cannot fsync \"file\": Input/output error"},
      {"renameat", EPERM, "cannot rename the temporary file to \"file\": Operation not permitted"},
      {"renameat", EBUSY,
       "cannot rename to \"file\": it is a mount point: mount its directory instead"},
  };
  for (const auto& [function, os_error, message] : cases) {
    if (on_btrfs() && std::string(function) == "fallocate") continue;
    const auto outcome = save_anew(plan_of(function, os_error), durable(), true);
    CHECK(outcome.error.message == std::string(message));
    CHECK(outcome.error.os_error == os_error);
    CHECK(scratch_count() == 1);
  }
  const auto last = save_anew(plan_of("fsync", EIO, 1), durable(), true);
  CHECK(last.error.message ==
        std::string("the file was replaced, but its directory was not synced: "
                    "cannot fsync the directory of \"file\": "
                    "Input/output error"));
  CHECK(versions().find("file") == 1);
}
