#include "tensor/dtype_map.h"

#include <ATen/ops/randint.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "code_of.hpp"
#include "sample.hpp"
#include "scratch_directory.hpp"
#include "tensor/torch_sizes.h"
#include "tensors.h"

using namespace safetensors;

namespace {

std::vector<Dtype> all_dtypes() {
  std::vector<Dtype> all;
  for (std::uint32_t number = 0; number < 256; ++number) {
    if (const auto dtype = static_cast<Dtype>(number); !dtype_name(dtype).empty())
      all.push_back(dtype);
  }
  return all;
}

}  // namespace

TEST_CASE("every dtype except F6 maps to a LibTorch type of the same bits and back") {
  REQUIRE(all_dtypes().size() >= 22);
  for (const Dtype dtype : all_dtypes()) {
    INFO(dtype_name(dtype));
    const auto type = scalar_type_of(dtype);
    if (dtype == Dtype::F6_E2M3 || dtype == Dtype::F6_E3M2) {
      CHECK_FALSE(type);
      continue;
    }
    REQUIRE(type);
    CHECK(dtype_of_scalar_type(*type) == dtype);
    const std::uint32_t elements = is_packed_pair(*type) ? 2 : 1;
    CHECK(c10::elementSize(*type) * 8 == dtype_bits(dtype) * elements);
  }
  CHECK_FALSE(scalar_type_of(Dtype{}));
  CHECK_FALSE(dtype_of_scalar_type(c10::ScalarType::ComplexDouble));
  CHECK_FALSE(dtype_of_scalar_type(c10::ScalarType::QInt8));
}

TEST_CASE("tensors of every dtype are equal bit for bit after save and load") {
  const ScratchDirectory folder;
  TensorDict tensors;
  for (const Dtype dtype : all_dtypes()) {
    const auto type = scalar_type_of(dtype);
    if (!type) continue;
    const std::int64_t limit = dtype == Dtype::BOOL ? 2 : 256;
    const auto width = static_cast<std::int64_t>(c10::elementSize(*type));
    const at::Tensor bytes = at::randint(limit, {3, 5 * width}, at::kByte);
    tensors.insert(std::string(dtype_name(dtype)), bytes.view(*type));
  }
  save_file(tensors, folder / "all");
  const Backend backend = GENERATE(Backend::Auto, Backend::Mmap, Backend::Pread);
  const auto from_file = load_file(folder / "all", {.backend = backend});
  const auto from_memory = load(save(tensors));
  REQUIRE(from_file.size() == tensors.size());
  for (const auto& item : tensors) {
    INFO(item.key());
    CHECK(same_bits(from_file[item.key()], item.value()));
    CHECK(same_bits(from_memory[item.key()], item.value()));
  }
}

namespace {
std::vector<std::byte> one_tensor(const std::string& dtype, const std::string& shape,
                                  std::size_t nbytes) {
  return file_of("{\"t\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
                     ",\"data_offsets\":[0," + std::to_string(nbytes) + "]}}",
                 std::string(nbytes, '\x12'));
}
}  // namespace

TEST_CASE("F4 packs two elements into one along the last dimension") {
  const auto tensors = load(one_tensor("F4", "[3,4]", 6));
  CHECK(tensors["t"].scalar_type() == c10::ScalarType::Float4_e2m1fn_x2);
  CHECK(tensors["t"].sizes() == at::IntArrayRef({3, 2}));
  CHECK(read_file<std::vector<std::byte>>([&] {
          static const ScratchDirectory folder;
          save_file(tensors, folder / "f4");
          return folder / "f4";
        }()) == one_tensor("F4", "[3,4]", 6));
}

TEST_CASE("F4 with an odd last dimension is rejected") {
  const auto bytes = one_tensor("F4", "[2,3]", 3);
  CHECK(code_of<Error>([&] { load(bytes); }) == ST_E_UNSUPPORTED);
  CHECK(contains(message_of([&] { load(bytes); }), "\"t\" is F4 with the shape [2, 3]"));
}

TEST_CASE("F6 is rejected unless it is excluded") {
  const auto bytes = one_tensor("F6_E3M2", "[4]", 3);
  CHECK(code_of<Error>([&] { load(bytes); }) == ST_E_DTYPE);
  CHECK(contains(message_of([&] { load(bytes); }), "\"t\" is F6_E3M2"));
  const auto both = Builder()
                        .add("t", Dtype::F6_E3M2, {4}, std::vector<std::uint8_t>(3))
                        .add("other", {1}, std::vector<float>{1})
                        .save_memory();
  CHECK(load(both, {.pattern = "^other"}).size() == 1);
}

TEST_CASE("dimensions and strides of more than 63 bits are rejected") {
  for (const char* shape : {"[0,9223372036854775808]", "[0,4611686018427387904,8]"}) {
    const auto bytes = one_tensor("U8", shape, 0);
    INFO(shape);
    CHECK(code_of<Error>([&] { load(bytes); }) == ST_E_UNSUPPORTED);
    CHECK(contains(message_of([&] { load(bytes); }), "63 bits"));
  }
  CHECK(load(one_tensor("U8", "[0,4611686018427387904]", 0))["t"].numel() == 0);
}
