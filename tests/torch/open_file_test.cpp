// The functions over an open File: load_file, load_model, load_into, get_tensor and get_slice.
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <catch2/catch_test_macros.hpp>

#include "code_of.hpp"
#include "models.h"
#include "scratch_directory.hpp"
#include "tensors.h"

using namespace safetensors;

namespace {

File open_writable(const std::filesystem::path& path) {
  OpenOptions options;
  options.writable = true;
  return File::open_set(path, options);
}

}  // namespace

TEST_CASE("an open File is loaded after its path was replaced") {
  const ScratchDirectory folder;
  const auto old = counting({2, 3});
  save_file({{"w", old}}, folder / "f", {{"version", "1"}});
  const File file = open_writable(folder / "f");
  save_file({{"w", old + 10}}, folder / "f", {{"version", "2"}});
  CHECK(file.metadata("version") == "1");
  CHECK(same_bits(load_file(file)["w"], old));
  CHECK(same_bits(get_tensor(file, "w"), old));
  at::Tensor into = at::zeros({2, 3});
  CHECK(load_into({{"w", into}}, file).loaded == std::vector<std::string>{"w"});
  CHECK(same_bits(into, old));
  Layer model;
  model.parameter("w", at::zeros({2, 3}));
  CHECK(load_model(model, file).loaded == std::vector<std::string>{"w"});
  CHECK(same_bits(model["w"], old));
}

TEST_CASE("tensors share the memory of a writable File, and are copies of a read-only one") {
  const ScratchDirectory folder;
  save_file({{"w", counting({4})}}, folder / "f");
  const File writable = open_writable(folder / "f");
  const at::Tensor first = get_tensor(writable, "w"), second = load_file(writable)["w"];
  CHECK(first.const_data_ptr() == second.const_data_ptr());
  CHECK(first.storage().nbytes() == 16);
  const File read_only = File::open(folder / "f");
  const at::Tensor copy = get_tensor(read_only, "w");
  copy.fill_(7);
  CHECK(same_bits(get_tensor(read_only, "w"), counting({4})));
}

TEST_CASE("a tensor outlives its File") {
  const ScratchDirectory folder;
  save_file({{"w", counting({4})}}, folder / "f");
  at::Tensor tensor;
  {
    const File file = open_writable(folder / "f");
    tensor = get_tensor(file, "w");
  }
  std::filesystem::remove(folder / "f");
  CHECK(same_bits(tensor, counting({4})));
}

TEST_CASE("a File that callbacks read is loaded, and rethrows what they throw") {
  const Buffer bytes = save({{"w", counting({2, 2})}});
  struct Unplugged {};
  bool plugged = true;
  const File file = File::from_io(bytes.size(), [&](std::uint64_t offset, MutableBytes buffer) {
    if (!plugged) throw Unplugged();
    std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
  });
  CHECK(same_bits(load_file(file)["w"], counting({2, 2})));
  plugged = false;
  CHECK_THROWS_AS(get_tensor(file, "w"), Unplugged);
  CHECK_THROWS_AS(load_file(file), Unplugged);
}

TEST_CASE("get_slice reads a part of a tensor") {
  const at::Tensor whole = counting({4, 3, 2});
  const Buffer bytes = save({{"w", whole}, {"scalar", at::ones({}, at::kLong)}});
  const File file = File::from_memory(bytes);
  CHECK(same_bits(get_slice(file, "w", {{1, 3}}), whole.slice(0, 1, 3)));
  CHECK(same_bits(get_slice(file, "w", {{}, {2}}), whole.slice(1, 2)));
  CHECK(same_bits(get_slice(file, "w", {{0, 4}, {1, 2}, {1, 2}}),
                  whole.slice(1, 1, 2).slice(2, 1, 2)));
  CHECK(same_bits(get_slice(file, "w", {}), whole));
  CHECK(get_slice(file, "w", {{2, 2}}).sizes() == at::IntArrayRef({0, 3, 2}));
  CHECK(same_bits(get_slice(file, "scalar", {}), at::ones({}, at::kLong)));
  CHECK(get_slice(file, "w", {{1, 3}}, "meta").sizes() == at::IntArrayRef({2, 3, 2}));
  CHECK(get_slice(file, "w", {{1, 3}}, "meta").is_meta());
  CHECK(code_of<Error>([&] { get_slice(file, "w", {{3, 5}}); }) == ST_E_OUT_OF_RANGE);
  CHECK(code_of<Error>([&] { get_slice(file, "w", {{}, {}, {}, {}}); }) == ST_E_INVALID_ARGUMENT);
  CHECK(code_of<Error>([&] { get_slice(file, "v", {}); }) == ST_E_TENSOR_NOT_FOUND);
}

TEST_CASE("get_slice of F4 counts in elements of the file") {
  const std::vector<std::uint8_t> pairs = {0x10, 0x32, 0x54, 0x76};
  const auto bytes = Builder().add("w", Dtype::F4, {2, 4}, pairs).save_memory();
  const File file = File::from_memory(bytes);
  const at::Tensor row = get_slice(file, "w", {{1, 2}, {2, 4}});
  CHECK(row.scalar_type() == at::ScalarType::Float4_e2m1fn_x2);
  CHECK(row.sizes() == at::IntArrayRef({1, 1}));
  CHECK(*static_cast<const std::uint8_t*>(row.const_data_ptr()) == 0x76);
  CHECK(code_of<Error>([&] { get_slice(file, "w", {{1, 2}, {1, 2}}); }) != ST_OK);
}

TEST_CASE("get_tensor fails with the errors of load_file") {
  const auto bytes = Builder()
                         .add("f6", Dtype::F6_E2M3, {4}, std::vector<std::uint8_t>(3))
                         .add("odd", Dtype::F4, {2, 1}, std::vector<std::uint8_t>(1))
                         .save_memory();
  const File file = File::from_memory(bytes);
  CHECK(code_of<Error>([&] { get_tensor(file, "f6"); }) == ST_E_DTYPE);
  CHECK(code_of<Error>([&] { get_tensor(file, "odd"); }) == ST_E_UNSUPPORTED);
  CHECK(code_of<Error>([&] { get_tensor(file, "absent"); }) == ST_E_TENSOR_NOT_FOUND);
}

TEST_CASE("LibTorch's element types have dtypes") {
  const std::vector<c10::Half> halves = {1, 2};
  const auto bytes = Builder().add("w", {2}, halves).save_memory();
  const File file = File::from_memory(bytes);
  CHECK(file.read<c10::Half>("w") == halves);
  CHECK(code_of<Error>([&] { file.read<c10::BFloat16>("w"); }) == ST_E_INVALID_ARGUMENT);
  CHECK(same_bits(get_tensor(file, "w"), at::ones({2}, at::kHalf).cumsum(0)));
}
