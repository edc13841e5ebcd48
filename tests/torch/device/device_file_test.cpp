// The public functions with tensors on an accelerator behave as on the CPU.
#include <torch/torch.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <safetensors/torch.hpp>
#include <string>

#include "fake_device.h"
#include "random_tensors.h"
#include "sample.hpp"
#include "scratch_directory.hpp"
#include "sparse_file.h"
#include "tensors.h"
#include "test_device.h"

namespace {

safetensors::TensorDict random_dict() {
  safetensors::TensorDict dict;
  std::uint64_t seed = 1;
  for (const auto dtype : {at::kFloat, at::kBFloat16, at::kLong, at::kByte, at::kFloat8_e5m2})
    for (const std::vector<std::int64_t>& sizes :
         {std::vector<std::int64_t>{}, {0, 3}, {3, 5, 7}, {300, 1000}})
      dict.insert("tensor." + std::to_string(seed), test::random_tensor(sizes, dtype, seed)),
          ++seed;
  return dict;
}

safetensors::TensorDict to_device(const safetensors::TensorDict& dict) {
  safetensors::TensorDict there;
  for (const auto& item : dict)
    there.insert(item.key(), item.value().to(test::device()));
  return there;
}

std::vector<at::Tensor> values(const safetensors::TensorDict& dict) {
  return dict.values();
}

// Creates its tensors on the device, because Module::to does not accept PrivateUse1.
struct Net : torch::nn::Module {
  Net(c10::Device device, at::ScalarType dtype) {
    const auto options = at::TensorOptions(dtype).device(device);
    weight = register_parameter("weight", torch::zeros({17, 33}, options));
    bias = register_parameter("bias", torch::zeros({17}, options));
    table = register_buffer("table", torch::zeros({5}, options.dtype(at::kLong)));
  }
  at::Tensor weight, bias, table;
};

}  // namespace

TEST_CASE("load_file creates tensors on the device", "[device][file]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  const auto dict = random_dict();
  safetensors::save_file(dict, folder / "a");
  const auto on_cpu = safetensors::load_file(folder / "a");
  std::uint64_t nbytes = 0;
  for (const auto& item : on_cpu)
    nbytes += item.value().nbytes();
  for (const auto backend :
       {safetensors::Backend::Auto, safetensors::Backend::Mmap, safetensors::Backend::Pread}) {
    std::uint64_t last = 0;
    safetensors::LoadOptions options;
    options.device = test::device();
    options.backend = backend;
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
      CHECK(done >= last);
      CHECK(done <= total);
      last = done;
      return true;
    };
    const auto loaded = safetensors::load_file(folder / "a", options);
    CHECK(loaded.keys() == on_cpu.keys());
    CHECK(test::are_equal(values(loaded), values(on_cpu)));
    CHECK(last == nbytes);
    for (const auto& item : loaded)
      CHECK(item.value().device() == test::device());
  }
}

TEST_CASE("load copies bytes to the device", "[device][file]") {
  const test::FreshDevice fresh;
  const auto dict = random_dict();
  const safetensors::Buffer bytes = safetensors::save(dict);
  const auto on_cpu = safetensors::load(bytes);
  const auto loaded = safetensors::load(bytes, {.device = test::device()});
  CHECK(test::are_equal(values(loaded), values(on_cpu)));
}

TEST_CASE("save_file writes the same bytes for tensors on the device", "[device][file]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  const auto dict = random_dict();
  safetensors::save_file(dict, folder / "cpu", {{"format", "pt"}});
  safetensors::save_file(to_device(dict), folder / "device", {{"format", "pt"}});
  CHECK(read_file(folder / "cpu") == read_file(folder / "device"));
}

TEST_CASE("a set is saved from the device and loaded to it", "[device][file]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  const auto dict = random_dict();
  safetensors::SaveSetOptions save_options;
  save_options.set.max_shard_size = 500'000;
  safetensors::save_set(to_device(dict), folder / "set", {}, save_options);
  CHECK(safetensors::File::open_set(folder / "set").shards().size() > 2);
  for (const auto backend : {safetensors::Backend::Mmap, safetensors::Backend::Pread}) {
    safetensors::LoadOptions options;
    options.device = test::device();
    options.backend = backend;
    const auto loaded = safetensors::load_file(folder / "set", options);
    REQUIRE(loaded.size() == dict.size());
    for (const auto& item : dict) {
      INFO(item.key());
      CHECK(loaded[item.key()].device().type() == test::device().type());
      CHECK(same_bits(loaded[item.key()].cpu(), item.value()));
    }
  }
}

TEST_CASE("a large tensor is saved and loaded in pieces", "[device][file]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  safetensors::TensorDict dict;
  dict.insert("large", test::random_tensor({100, 1000, 1000}, at::kByte, 1));
  dict.insert("small", test::random_tensor({77}, at::kByte, 2));
  safetensors::save_file(dict, folder / "a");
  const auto loaded = safetensors::load_file(folder / "a", {.device = test::device()});
  CHECK(test::are_equal(values(loaded), values(dict)));
  safetensors::save_file(loaded, folder / "b");
  CHECK(read_file(folder / "a") == read_file(folder / "b"));
}

TEST_CASE("a tensor of more than 2 GiB is saved and loaded", "[device][file][large]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  const std::int64_t size = (std::int64_t{2} << 30) + 3;
  write_sparse_file(folder / "a", size, {{0, 'a'}, {size / 2, 'm'}, {size - 1, 'z'}});
  safetensors::save_file(safetensors::load_file(folder / "a", {.device = test::device()}),
                         folder / "b");
  CHECK(std::filesystem::file_size(folder / "a") == std::filesystem::file_size(folder / "b"));
  CHECK(safetensors::load_file(folder / "a")["big"].equal(
      safetensors::load_file(folder / "b")["big"]));
}

TEST_CASE("a model on the device is loaded and saved", "[device][file]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  Net source(at::kCPU, at::kFloat);
  {
    const torch::NoGradGuard no_grad;
    source.weight.normal_();
    source.bias.normal_();
    source.table.copy_(torch::arange(5));
  }
  safetensors::save_model(source, folder / "a");

  SECTION("values are copied into its tensors") {
    Net model(test::device(), at::kFloat);
    const void* const memory = model.weight.const_data_ptr();
    CHECK(safetensors::load_model(model, folder / "a").missing.empty());
    CHECK(model.weight.const_data_ptr() == memory);
    CHECK(model.weight.requires_grad());
    safetensors::save_model(model, folder / "b");
    CHECK(read_file(folder / "a") == read_file(folder / "b"));
  }
  SECTION("values are converted to its dtype") {
    Net model(test::device(), at::kDouble);
    safetensors::load_model(model, folder / "a");
    CHECK(model.weight.cpu().equal(source.weight.to(at::kDouble)));
    CHECK(model.bias.cpu().equal(source.bias.to(at::kDouble)));
    CHECK(model.table.cpu().equal(source.table));
  }
  SECTION("loaded tensors are assigned to it") {
    Net model(at::kCPU, at::kFloat);
    safetensors::load_model(model, folder / "a", {.device = test::device(), .assign = true});
    CHECK(model.weight.device() == test::device());
    safetensors::save_model(model, folder / "b");
    CHECK(read_file(folder / "a") == read_file(folder / "b"));
  }
}

TEST_CASE("load_into copies values into views on the device", "[device][file]") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  const at::Tensor left = test::random_tensor({4, 6}, at::kFloat, 1).nan_to_num();
  const at::Tensor right = test::random_tensor({4, 6}, at::kFloat, 2).nan_to_num();
  safetensors::save_file({{"left", left}, {"right", right}}, folder / "a");
  const at::Tensor both = torch::zeros({4, 12}).to(test::device());
  safetensors::load_into({{"left", both.narrow(1, 0, 6)}, {"right", both.narrow(1, 6, 6)}},
                         folder / "a");
  CHECK(both.cpu().equal(torch::cat({left, right}, 1)));
}

TEST_CASE("a cancelled load or save releases all device resources", "[fake][failure][file]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  const auto dict = random_dict();
  safetensors::save_file(dict, folder / "a");
  const auto stop = [](std::uint64_t, std::uint64_t) { return false; };
  const auto is_cancelled = [](const auto& call) {
    try {
      call();
    } catch (const safetensors::Error& error) {
      return error.code() == ST_E_CANCELLED;
    }
    return false;
  };
  fake::set_pace(fake::Pace::late, fake::Pace::late);
  CHECK(is_cancelled([&] {
    safetensors::LoadOptions options;
    options.device = test::device();
    options.progress = stop;
    safetensors::load_file(folder / "a", options);
  }));
  CHECK(fake::counters().device_bytes == 0);
  CHECK(fake::host_counters().bytes_in_flight == 0);

  const auto there = to_device(dict);
  CHECK(is_cancelled([&] {
    safetensors::SaveFileOptions options;
    options.progress = stop;
    safetensors::save_file(there, folder / "b", {}, options);
  }));
  CHECK(!std::filesystem::exists(folder / "b"));
  CHECK(fake::host_counters().freed_in_flight == 0);
}

TEST_CASE("tensors without a storage are filled with copy_", "[fake][file]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  const auto dict = random_dict();
  safetensors::save_file(dict, folder / "a");
  fake::Abilities abilities;
  abilities.storages = false;
  fake::set_abilities(abilities);
  std::uint64_t done = 0, total = 0;
  const auto progress = [&](std::uint64_t now, std::uint64_t all) {
    done = now;
    total = all;
    return true;
  };
  const auto loaded =
      safetensors::load_file(folder / "a", {.device = test::device(), .progress = progress});
  CHECK(done == total);
  for (const auto& item : loaded) {
    CHECK(!item.value().has_storage());
    CHECK(item.value().device() == test::device());
    const at::Tensor host = at::empty(item.value().sizes(), item.value().scalar_type());
    CHECK(test::are_equal({host.copy_(item.value())}, {dict[item.key()]}));
  }
}

TEST_CASE("out of device memory throws the exception of LibTorch", "[fake][failure][file]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  const auto dict = random_dict();
  safetensors::save_file(dict, folder / "a");
  fake::fail(fake::Operation::device_allocation, 7);
  CHECK_THROWS_AS(safetensors::load_file(folder / "a", {.device = test::device()}),
                  c10::OutOfMemoryError);
  CHECK(fake::counters().device_bytes == 0);

  // An exception of LibTorch passes through save_file too, and the old file is unchanged.
  const auto there = to_device(dict);
  const auto before = read_file(folder / "a");
  fake::fail(fake::Operation::copy, 3);
  CHECK_THROWS_AS(safetensors::save_file(there, folder / "a"), c10::Error);
  CHECK(read_file(folder / "a") == before);
}
