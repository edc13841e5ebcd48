// Large saves: writes beyond 2 GiB, and O_DIRECT.
#include <safetensors/safetensors.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "faults.h"
#include "scratch.h"

namespace {

// Address space that reads as zeros and uses no memory.
class Zeros {
 public:
  explicit Zeros(std::uint64_t size)
      : size_(size),
        place_(
            ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    REQUIRE(place_ != MAP_FAILED);
  }
  Zeros(const Zeros&) = delete;
  Zeros& operator=(const Zeros&) = delete;
  ~Zeros() { ::munmap(place_, size_); }

  const void* data() const { return place_; }

  st_save_tensor tensor(const char* name, const std::uint64_t* shape) const {
    st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
    tensor.dtype = ST_DTYPE_U8;
    tensor.name = name;
    tensor.name_len = 1;
    tensor.shape = shape;
    tensor.rank = 1;
    tensor.data = place_;
    tensor.nbytes = *shape;
    return tensor;
  }

 private:
  std::uint64_t size_;
  void* place_;
};

void enter() {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
}

std::uint64_t header_size(const st_save_tensor* tensors, std::uint64_t count) {
  std::uint64_t size = 0, data = 0;
  CHECK(st_save_size(tensors, count, nullptr, &size, nullptr) == ST_OK);
  for (std::uint64_t i = 0; i < count; ++i)
    data += tensors[i].nbytes;
  return size - data;
}

}  // namespace

TEST_CASE("files beyond 4 GiB are written completely and in order") {
  enter();
  const std::uint64_t sizes[] = {(std::uint64_t{5} << 30) + 3, (std::uint64_t{2} << 30) + 1};
  const Zeros zeros(sizes[0]);
  const st_save_tensor tensors[] = {zeros.tensor("a", &sizes[0]), zeros.tensor("b", &sizes[1])};
  const std::uint64_t header = header_size(tensors, 2);
  faults_plan plan = FAULTS_PLAN_INIT;
  plan.discard_writes = 1;
  st_error error = ST_ERROR_INIT;
  faults_arm(&plan);
  const st_status status = st_save("file", tensors, 2, nullptr, &error);
  const faults_report report = faults_disarm();
  INFO(error.message);
  CHECK(status == ST_OK);
  CHECK(report.written == header + sizes[0] + sizes[1]);
  CHECK(report.direct_writes == 0);
  CHECK(report.written_in_order);
  CHECK(report.blocks + report.descriptors + report.mapped_bytes == 0);
}

// Writes are discarded. The pieces of each tensor come in another order than the last one's.
st_status write_100_gigabytes() {
  constexpr std::uint64_t count = 100, piece_size = 16 << 20;
  const std::uint64_t size = 1'000'000'000, pieces = (size + piece_size - 1) / piece_size;
  const Zeros zeros(piece_size);
  std::vector<std::string> names;
  std::vector<st_save_tensor> tensors;
  for (std::uint64_t i = 0; i < count; ++i)
    names.push_back(std::to_string(i));
  for (const std::string& name : names) {
    st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
    tensor.dtype = ST_DTYPE_U8;
    tensor.name = name.data();
    tensor.name_len = name.size();
    tensor.shape = &size;
    tensor.rank = 1;
    tensors.push_back(tensor);
  }
  st_writer* writer = nullptr;
  st_status status = st_writer_open("file", tensors.data(), count, nullptr, &writer, nullptr);
  for (std::uint64_t i = 0; i < count * pieces && status == ST_OK; ++i) {
    // 61 is coprime to the number of pieces of all tensors: each has its turn.
    const std::uint64_t place = i * 61 % (count * pieces), offset = place % pieces * piece_size;
    status = st_writer_write(writer, place / pieces, offset, zeros.data(),
                             std::min(piece_size, size - offset), nullptr);
  }
  if (status == ST_OK) status = st_writer_commit(writer, nullptr);
  st_writer_free(writer);
  return status;
}

// Bytes of address space that the process uses.
std::uint64_t address_space() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

TEST_CASE("a writer of 100 GB uses less than 64 MiB of memory") {
#ifdef __SANITIZE_ADDRESS__
  SKIP("AddressSanitizer needs address space of its own");
#endif
  enter();
  scratch_clear();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlim_t limit = address_space() + (64 << 20);
    const struct rlimit limits = {limit, limit};
    faults_plan plan = FAULTS_PLAN_INIT;
    plan.discard_writes = 1;
    if (::setrlimit(RLIMIT_AS, &limits) != 0) ::_exit(1);
    faults_arm(&plan);
    const st_status status = write_100_gigabytes();
    const faults_report report = faults_disarm();
    ::_exit(status == ST_OK && report.written > 100'000'000'000 && !report.written_in_order ? 0
                                                                                            : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

// Large durable saves use O_DIRECT, each of whose steps can fail.
TEST_CASE("durable saves of many blocks while requests fail") {
  enter();
  const std::uint64_t size = (std::uint64_t{64} << 20) + 12345;
  const Zeros zeros(size);
  const st_save_tensor tensor = zeros.tensor("a", &size);
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.durability = ST_DURABILITY_FSYNC;
  const std::uint64_t header = header_size(&tensor, 1);
  for (const int os_error : {EIO, EINVAL, ENOSYS}) {
    for (const int forever : {0, 1}) {
      faults_plan plan = FAULTS_PLAN_INIT;
      plan.discard_writes = 1;
      plan.os_error = os_error;
      plan.forever = forever;
      for (plan.fail_at = 0;; ++plan.fail_at) {
        scratch_clear();
        scratch_write("file", "old", 3);
        st_error error = ST_ERROR_INIT;
        faults_arm(&plan);
        const st_status status = st_save("file", &tensor, 1, &options, &error);
        const faults_report report = faults_disarm();
        INFO("request " << plan.fail_at << " ("
                        << (report.first_failed ? report.first_failed : "none") << ") fails with "
                        << os_error << (forever ? " and all after it" : "")
                        << ", message: " << error.message);
        CHECK(report.blocks + report.descriptors + report.mapped_bytes == 0);
        if (status == ST_OK) {
          CHECK(report.written >= header + size);
        } else {
          CHECK(status != ST_E_INTERNAL);
          CHECK(error.message[0] != '\0');
        }
        if (!report.unlink_failed) CHECK(scratch_count() == 1);
        if (report.failed == 0) {
          CHECK(report.written_in_order);
          CHECK(status == ST_OK);
          break;
        }
      }
    }
  }
}

// A write with O_DIRECT must be aligned, which the rest of a short write need not be.
TEST_CASE("after a short write to an unaligned offset, durable saves write without O_DIRECT") {
  enter();
  const std::uint64_t size = (std::uint64_t{64} << 20) + 12345;
  const Zeros zeros(size);
  const st_save_tensor tensor = zeros.tensor("a", &size);
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.durability = ST_DURABILITY_FSYNC;
  const struct {
    std::size_t limit;
    long direct_writes;
  } cases[] = {{0, 5}, {1'000'001, 1}, {8 << 20, 9}};
  for (const auto& [limit, direct_writes] : cases) {
    scratch_clear();
    faults_plan plan = FAULTS_PLAN_INIT;
    plan.discard_writes = 1;
    plan.transfer_limit = limit;
    faults_arm(&plan);
    const st_status status = st_save("file", &tensor, 1, &options, nullptr);
    const faults_report report = faults_disarm();
    INFO("at most " << limit << " bytes a write");
    CHECK(status == ST_OK);
    CHECK(report.written == header_size(&tensor, 1) + size);
    CHECK(report.written_in_order);
    CHECK(report.direct_writes == direct_writes);
    CHECK(report.unaligned_direct == 0);
  }
}

TEST_CASE("memory that process_vm_readv() cannot copy is written, in durable saves too") {
  enter();
  const std::uint64_t size = std::uint64_t{64} << 20;
  std::vector<unsigned char> bytes(size, 7);
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.shape = &size;
  tensor.rank = 1;
  tensor.data = bytes.data();
  tensor.nbytes = size;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.durability = ST_DURABILITY_FSYNC;
  for (const int os_error : {EFAULT, EPERM, ENOSYS}) {
    for (const long fail_at : {0, 1, 3}) {
      scratch_clear();
      st_error error = ST_ERROR_INIT;
      faults_plan plan = FAULTS_PLAN_INIT;
      plan.only = "process_vm_readv";
      plan.os_error = os_error;
      plan.fail_at = fail_at;
      plan.forever = true;
      faults_arm(&plan);
      const st_status status = st_save("file", &tensor, 1, &options, &error);
      const faults_report report = faults_disarm();
      INFO("errno " << os_error << ", call " << fail_at << ": " << error.message);
      CHECK(status == ST_OK);
      CHECK(report.failed > 0);
      CHECK(report.written_in_order);
      st_file* file = nullptr;
      REQUIRE(st_open("file", nullptr, &file, nullptr) == ST_OK);
      std::vector<unsigned char> found(size);
      CHECK(st_read_tensor(file, "w", 1, found.data(), size, nullptr) == ST_OK);
      CHECK(found == bytes);
      st_close(file);
    }
  }
}
