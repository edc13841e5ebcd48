#include <ATen/ops/ones.h>
#include <ATen/ops/view_as_real.h>
#include <c10/core/DeviceType.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <memory>

#include "code_of.hpp"
#include "sample.hpp"
#include "scratch_directory.hpp"
#include "tensors.h"

using namespace safetensors;

namespace {

const std::vector<std::string> sample_names = {"count", "matrix", "ü", "nibbles"};

std::filesystem::path sample_file(const ScratchDirectory& folder) {
  write_file(folder / "sample", sample());
  return folder / "sample";
}

void check_is_sample(const TensorDict& tensors) {
  CHECK(same_bits(tensors["count"], at::ones({}, at::kLong) * 7));
  CHECK(same_bits(tensors["matrix"], counting({2, 3})));
  CHECK(tensors["empty"].sizes() == at::IntArrayRef({0, 4}));
  CHECK(tensors["empty"].scalar_type() == at::kFloat);
  CHECK(tensors["ü"].to(at::kFloat).sum().item<float>() == -1);
  CHECK(tensors["nibbles"].sizes() == at::IntArrayRef({2, 1}));
}

}  // namespace

TEST_CASE("load_file returns the tensors in the order of their data") {
  const ScratchDirectory folder;
  const Backend backend = GENERATE(Backend::Auto, Backend::Mmap, Backend::Pread);
  const auto tensors = load_file(sample_file(folder), {.backend = backend});
  check_is_sample(tensors);
  auto names = names_of(tensors);
  std::erase(names, "empty");  // it has no data
  CHECK(names == sample_names);
}

TEST_CASE("load accepts lvalue and rvalue containers of bytes") {
  auto bytes = sample();
  check_is_sample(load(bytes));
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  check_is_sample(load(text));
  check_is_sample(load(std::string_view(text)));
  check_is_sample(load(std::string(text)));
  check_is_sample(load(save(load(bytes))));
  check_is_sample(load(std::move(bytes)));
}

TEST_CASE("load of an lvalue copies the bytes") {
  auto bytes = sample();
  const auto tensors = load(bytes);
  std::fill(bytes.begin(), bytes.end(), std::byte{0});
  check_is_sample(tensors);
}

TEST_CASE("load of an rvalue does not copy, and the tensors keep the bytes") {
  auto owner = std::make_shared<std::vector<std::byte>>(sample());
  const std::weak_ptr<std::vector<std::byte>> watch = owner;
  const MutableBytes view(*owner);
  at::Tensor matrix;
  {
    const auto tensors = load(view, std::move(owner));
    matrix = tensors["matrix"];
  }
  const auto* data = static_cast<const std::byte*>(matrix.const_data_ptr());
  CHECK((data >= view.begin() && data < view.end()));
  CHECK_FALSE(watch.expired());
  matrix.fill_(1);
  CHECK(same_bits(matrix, at::ones({2, 3})));
  matrix.reset();
  CHECK(watch.expired());
}

TEST_CASE("each storage has exactly the bytes of its tensor") {
  const ScratchDirectory folder;
  const Backend backend = GENERATE(Backend::Mmap, Backend::Pread);
  for (const auto& item : load_file(sample_file(folder), {.backend = backend})) {
    INFO(item.key());
    CHECK(item.value().storage().nbytes() == item.value().nbytes());
    CHECK(item.value().storage_offset() == 0);
    CHECK(item.value().is_contiguous());
    CHECK_FALSE(item.value().requires_grad());
  }
}

TEST_CASE("tensors outlive the file, and writes do not change it") {
  const ScratchDirectory folder;
  const auto path = sample_file(folder);
  const auto before = read_file(path);
  const auto tensors = load_file(path);
  const auto others = load_file(path);
  tensors["matrix"].fill_(-1);
  CHECK(read_file(path) == before);
  CHECK(same_bits(others["matrix"], counting({2, 3})));
  std::filesystem::remove(path);
  CHECK(same_bits(tensors["matrix"], -at::ones({2, 3})));
  check_is_sample(others);
}

TEST_CASE("a tensor that is not aligned for its dtype is copied") {
  const auto bytes = file_of(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                             R"("b":{"dtype":"F64","shape":[2],"data_offsets":[3,19]},)"
                             R"("c":{"dtype":"C64","shape":[1],"data_offsets":[19,27]}})",
                             "abc" + bytes_of<double>({1.5, -2}) + bytes_of<float>({1, 2}));
  const ScratchDirectory folder;
  write_file(folder / "f", bytes);
  auto both = {load_file(folder / "f"), load(bytes)};
  for (const auto& tensors : both) {
    CHECK(reinterpret_cast<std::uintptr_t>(tensors["b"].const_data_ptr()) % 8 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(tensors["c"].const_data_ptr()) % 8 == 0);
    CHECK(tensors["b"].sum().item<double>() == -0.5);
    CHECK(at::view_as_real(tensors["c"]).sum().item<float>() == 3);
    tensors["b"].fill_(0);
  }
}

TEST_CASE("a loaded tensor can be resized") {
  const ScratchDirectory folder;
  const auto tensors = load_file(sample_file(folder));
  tensors["matrix"].resize_({3, 3});
  CHECK(same_bits(tensors["matrix"].narrow(0, 0, 2), counting({2, 3})));
}

TEST_CASE("names and pattern select tensors") {
  const auto bytes = sample();
  CHECK(names_of(load(bytes, {.names = {"ü", "count"}})) == std::vector<std::string>{"count", "ü"});
  CHECK(names_of(load(bytes, {.pattern = "^c|rix$"})) ==
        std::vector<std::string>{"count", "matrix"});
  CHECK(names_of(load(bytes, {.names = {"ü", "count"}, .pattern = "o"})) ==
        std::vector<std::string>{"count"});
  CHECK(code_of<Error>([&] {
          load(bytes, {.names = {"count", "nope", "no"}});
        }) == ST_E_TENSOR_NOT_FOUND);
  CHECK(contains(message_of([&] {
                   load(bytes, {.names = {"count", "nope", "no"}});
                 }),
                 "\"nope\", \"no\""));
  CHECK(code_of<Error>([&] { load(bytes, {.pattern = "("}); }) == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("names and pattern apply after the renames") {
  const auto bytes = sample();
  const Renames renames({{"count", "n"}});
  CHECK(names_of(load(bytes, {.renames = renames, .names = {"n"}})) ==
        std::vector<std::string>{"n"});
  CHECK(code_of<Error>([&] { load(bytes, {.renames = renames, .names = {"count"}}); }) ==
        ST_E_TENSOR_NOT_FOUND);
}

TEST_CASE("renames that map two names to one are rejected") {
  const auto call = [] { load(sample(), {.renames = {{"count", "matrix"}}}); };
  CHECK(code_of<Error>(call) == ST_E_DUPLICATE);
  CHECK(contains(message_of(call), "to \"matrix\""));
}

TEST_CASE("error codes of load_file and load") {
  const ScratchDirectory folder;
  CHECK(code_of<Error>([&] { load_file(folder / "none"); }) == ST_E_NOT_FOUND);
  CHECK(code_of<Error>([&] { load_file(folder / ""); }) == ST_E_NOT_FOUND);  // no files
  CHECK(code_of<Error>([&] { load_file("/dev/null"); }) == ST_E_NOT_REGULAR);
  CHECK(code_of<Error>([&] { load_file(std::string("a\0b", 3)); }) == ST_E_INVALID_ARGUMENT);
  CHECK(code_of<Error>([&] { load(Bytes()); }) == ST_E_HEADER_TOO_SMALL);
  CHECK(code_of<Error>([&] { load(std::string_view("\x02\0\0\0\0\0\0\0[]", 10)); }) == ST_E_SCHEMA);
  CHECK(code_of<Error>([&] { load(sample(), {.device = "banana"}); }) == ST_E_INVALID_ARGUMENT);
  CHECK(code_of<Error>([&] { load(sample(), {.device = -1}); }) == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("a Device is converted from a device, a type, a string and an index") {
  CHECK(c10::Device(Device()) == c10::Device(c10::kCPU));
  CHECK(c10::Device(Device(c10::kCUDA)) == c10::Device(c10::kCUDA));
  CHECK(c10::Device(Device("cuda:1")) == c10::Device(c10::kCUDA, 1));
  CHECK(c10::Device(Device(c10::Device("meta"))).is_meta());
}

TEST_CASE("a device that is not available is rejected") {
  const auto call = [] { load(sample(), {.device = "xpu:7"}); };
  CHECK(code_of<Error>(call) == ST_E_UNSUPPORTED);
  CHECK(contains(message_of(call), "xpu:7"));
}

TEST_CASE("on the meta device tensors have a dtype and a shape, and no data is read") {
  const auto tensors = load(sample(), {.device = "meta"});
  CHECK(tensors["matrix"].is_meta());
  CHECK(tensors["matrix"].sizes() == at::IntArrayRef({2, 3}));
}

TEST_CASE("progress ends with the total and can cancel the load") {
  const ScratchDirectory folder;
  const auto path = sample_file(folder);
  const Backend backend = GENERATE(Backend::Mmap, Backend::Pread);
  std::vector<std::uint64_t> done;
  load_file(path, {.backend = backend, .progress = [&](std::uint64_t now, std::uint64_t total) {
                     CHECK(total == 38);
                     done.push_back(now);
                     return true;
                   }});
  CHECK(std::is_sorted(done.begin(), done.end()));
  REQUIRE_FALSE(done.empty());
  CHECK(done.back() == 38);

  const auto stop = [](std::uint64_t, std::uint64_t) { return false; };
  CHECK(code_of<Error>([&] { load_file(path, {.backend = backend, .progress = stop}); }) ==
        ST_E_CANCELLED);
  const auto fail = [](std::uint64_t, std::uint64_t) -> bool { throw std::out_of_range("mine"); };
  CHECK_THROWS_AS(load_file(path, {.backend = backend, .progress = fail}), std::out_of_range);

  std::uint64_t calls = 0;
  load(file_of("{}", ""), {.progress = [&](std::uint64_t now, std::uint64_t total) {
         ++calls;
         return now == total;
       }});
  CHECK(calls == 1);
}
