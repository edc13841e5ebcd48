// Models with tensors on devices.
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "code_of.hpp"
#include "fake_device.h"
#include "models.h"
#include "sample.hpp"
#include "scratch_directory.hpp"
#include "sparse_file.h"
#include "test_device.h"

using namespace safetensors;

namespace {

// A device other than test::device() if there are several.
c10::Device last_device() {
  return test::device(test::device_count() - 1);
}

}  // namespace

TEST_CASE("a file is loaded onto a device by index, text and value, and saved from it",
          "[device]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  save_file({{"a", counting({1000})}, {"e", at::ones({0})}, {"b", counting({7}, at::kByte)}},
            folder / "f");
  const Device device = GENERATE(Device(test::device()), Device(last_device()));
  const auto tensors = load_file(folder / "f", {.device = device});
  for (const auto& item : tensors)
    CHECK(item.value().device() == c10::Device(device));
  CHECK(same_bits(tensors["a"].cpu(), counting({1000})));
  save_file(tensors, folder / "g");
  CHECK(read_file(folder / "f") == read_file(folder / "g"));
  CHECK(c10::Device(Device(last_device().index())) == last_device());
  CHECK(c10::Device(Device(last_device().str())) == last_device());
}

TEST_CASE("a device index beyond the number of devices is rejected", "[device]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  save_file({{"a", counting({4})}}, folder / "f");
  const c10::Device absent(test::device().type(),
                           static_cast<c10::DeviceIndex>(test::device_count()));
  const auto file = File::open(folder / "f");
  Layer model;
  model.buffer("a", at::zeros({4}));
  for (const Device& device :
       {Device(absent), Device(test::device_count()), Device(absent.str())}) {
    CHECK(code_of<Error>([&] { load_file(folder / "f", {.device = device}); }) == ST_E_UNSUPPORTED);
    CHECK(code_of<Error>([&] { get_tensor(file, "a", device); }) == ST_E_UNSUPPORTED);
    CHECK(code_of<Error>([&] { get_slice(file, "a", {}, device); }) == ST_E_UNSUPPORTED);
    CHECK(code_of<Error>([&] {
            load_model(model, folder / "f", {.device = device, .assign = true});
          }) == ST_E_UNSUPPORTED);
  }
  CHECK(same_bits(model["a"], at::zeros({4})));
}

TEST_CASE("the temporary tensors of conversions on a device are limited", "[fake]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  constexpr std::int64_t nbytes = 96 << 20;
  const char* const names[] = {"0", "1", "2", "3", "4", "5"};
  std::vector<SparseTensor> tensors;
  Layer model;
  for (const char* name : names) {
    tensors.push_back({name, nbytes});
    model.buffer(name, at::empty({nbytes}, at::TensorOptions(at::kChar).device(test::device())));
  }
  write_sparse_file(folder / "f", tensors);
  const std::size_t before = fake::counters().device_bytes;
  std::atomic<std::size_t> peak = 0;
  fake::set_copy_hook([&](const void*, std::size_t) {
    peak = std::max(peak.load(), fake::counters().device_bytes);
  });
  load_model(model, folder / "f");  // U8 to I8
  fake::set_copy_hook(nullptr);
  CHECK(peak > before);
  CHECK(peak <= before + (std::size_t{256} << 20) + nbytes);
  CHECK(fake::counters().device_bytes == before);
}

TEST_CASE("tensors on different devices do not share memory", "[device]") {
  if (test::device_count() < 2) SKIP("needs two devices");
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  const at::Tensor a = counting({4}).to(test::device());
  const at::Tensor b = counting({4}).to(last_device());
  save_file({{"a", a}, {"b", b}, {"c", counting({4})}}, folder / "f");
  CHECK(same_bits(load_file(folder / "f")["b"], counting({4})));
  CHECK(code_of<Error>([&] {
          save_file({{"a", a}, {"v", a.view({2, 2})}}, folder / "g");
        }) == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("a model on a device is saved and loaded", "[device]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  save_model(*tied_model(3, test::device()), folder / "f");
  auto model = tied_model(0, test::device());
  const at::Tensor weight = (*model)["in.weight"];
  const void* memory = weight.const_data_ptr();
  const auto version = weight._version();
  load_model(*model, folder / "f");
  CHECK(weight.const_data_ptr() == memory);
  CHECK(weight._version() > version);
  CHECK(same_bits((*model)["out.weight"].cpu(), counting({4, 3}) + 3));
  CHECK(same_bits((*model)["steps"].cpu(), counting({2}, at::kLong)));
}

TEST_CASE("values are converted on the device", "[device]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  save_file({{"a", counting({2, 3}, at::kDouble)}, {"b", counting({5}, at::kShort)}}, folder / "f");
  Layer model;
  model.buffer("a", at::zeros({3, 2}).to(test::device()).t());
  model.buffer("b", at::zeros({5}, at::kShort).to(last_device()));
  load_model(model, folder / "f");
  CHECK(same_bits(model["a"].cpu(), counting({2, 3})));
  CHECK(same_bits(model["b"].cpu(), counting({5}, at::kShort)));
}

TEST_CASE("assign moves a model between the CPU, the meta device and a device", "[device]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  save_model(*tied_model(3), folder / "f");
  auto model = tied_model(0, GENERATE(c10::Device(c10::kCPU), c10::Device(c10::kMeta)));
  load_model(*model, folder / "f", {.device = last_device(), .assign = true});
  CHECK((*model)["in.weight"].device() == last_device());
  CHECK((*model)["in.weight"].requires_grad());
  CHECK(same_bits((*model)["out.weight"].cpu(), counting({4, 3}) + 3));
  load_model(*model, folder / "f", {.assign = true});
  CHECK((*model)["in.weight"].is_cpu());
  CHECK(same_bits((*model)["out.weight"], counting({4, 3}) + 3));
}

TEST_CASE("a failed copy from the device leaves the old file", "[fake]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  save_file({{"a", counting({3})}}, folder / "f");
  const auto before = read_file(folder / "f");
  const at::Tensor a = counting({1000}).to(test::device());
  fake::fail(fake::Operation::copy, 0);
  CHECK_THROWS(save_file({{"a", a}}, folder / "f"));
  fake::fail_nothing();
  CHECK(read_file(folder / "f") == before);
}

TEST_CASE("progress of a load to a device ends with the total", "[device]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  save_file({{"a", counting({1000})}}, folder / "f");
  std::uint64_t last = 0;
  const auto progress = [&](std::uint64_t done, std::uint64_t total) {
    CHECK(total == 4000);
    last = done;
    return true;
  };
  load_file(folder / "f", {.device = test::device(), .progress = progress});
  CHECK(last == 4000);
}
