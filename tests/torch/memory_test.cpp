// Memory of loaded tensors: freed pages, and read-only mappings.
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>

#include "models.h"
#include "scratch_directory.hpp"
#include "tensors.h"

using namespace safetensors;

namespace {

// KiB of anonymous memory, copies of private pages among it.
std::int64_t anonymous_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t kib = 0;
    if (word == "RssAnon:" && status >> kib) return kib;
  }
  return -1;
}

constexpr std::int64_t elements = 4 << 20;  // 16 MiB
constexpr std::int64_t tensor_kib = 16 << 10;

std::map<std::string, at::Tensor> large_tensors() {
  std::map<std::string, at::Tensor> tensors;
  for (const char* name : {"a", "b", "c", "d"})
    tensors.emplace(name, at::ones({elements}));
  return tensors;
}

// Whether a child process ends by SIGSEGV when it writes to the tensor.
bool faults_on_write(const at::Tensor& tensor) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);  // not the handler of the tests
    *static_cast<volatile float*>(tensor.mutable_data_ptr()) = 1;
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

}  // namespace

TEST_CASE("the written pages of a tensor are freed when it is destroyed") {
  const ScratchDirectory folder;
  save_file(large_tensors(), folder / "f");
  auto tensors = load_file(folder / "f");
  const auto before = anonymous_kib();
  REQUIRE(before >= 0);
  for (auto& item : tensors)
    item.value().add_(1);
  CHECK(anonymous_kib() > before + 4 * tensor_kib - 1024);
  const at::Tensor kept = tensors["c"];
  at::Tensor view = tensors["b"].narrow(0, 5, 10);
  tensors.clear();
  CHECK(anonymous_kib() < before + 2 * tensor_kib + 1024);  // "b" and "c"
  CHECK(same_bits(kept, at::ones({elements}) + 1));
  CHECK(same_bits(view, at::ones({10}) + 1));
  view.reset();
  CHECK(anonymous_kib() < before + tensor_kib + 1024);
  CHECK(same_bits(kept, at::ones({elements}) + 1));
}

TEST_CASE("tensors of one File share their bytes, which are kept") {
  const ScratchDirectory folder;
  save_file(large_tensors(), folder / "f");
  const auto file = File::open(folder / "f", {.backend = Backend::Mmap, .writable = true});
  const at::Tensor kept = get_tensor(file, "b");
  load_file(file)["b"].add_(1);
  CHECK(same_bits(kept, at::ones({elements}) + 1));
}

TEST_CASE("the pages of assigned tensors are freed when they are replaced") {
  const ScratchDirectory folder;
  save_file(large_tensors(), folder / "f");
  Layer model;
  for (const char* name : {"a", "b", "c", "d"})
    model.buffer(name, at::zeros({elements}, at::kMeta));
  load_model(model, folder / "f", {.assign = true});
  const auto before = anonymous_kib();
  for (auto& buffer : model.buffers())
    buffer.add_(1);
  load_model(model, folder / "f", {.assign = true});
  CHECK(anonymous_kib() < before + 1024);
  CHECK(same_bits(model["d"], at::ones({elements})));
}

TEST_CASE("read-only tensors have the values of the file and fault on writes") {
  const ScratchDirectory folder;
  save_file({{"a", counting({1000})}}, folder / "f");
  const auto tensor = load_file(folder / "f", {.read_only = true})["a"];
  CHECK(same_bits(tensor, counting({1000})));
  CHECK(faults_on_write(tensor));
  CHECK_FALSE(faults_on_write(load_file(folder / "f")["a"]));

  const auto file = File::open(folder / "f", {.backend = Backend::Mmap});
  CHECK(faults_on_write(load_file(file, {.read_only = true})["a"]));
  CHECK_FALSE(faults_on_write(load_file(file)["a"]));  // a copy

  Layer model;
  model.buffer("a", at::zeros({1000}, at::kMeta));
  load_model(model, folder / "f", {.assign = true, .read_only = true});
  CHECK(faults_on_write(model["a"]));
  CHECK(same_bits(load_file(folder / "f", {.backend = Backend::Pread, .read_only = true})["a"],
                  counting({1000})));
}
