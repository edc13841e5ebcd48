#include <catch2/catch_test_macros.hpp>
#include <complex>
#include <safetensors/safetensors.hpp>

using namespace safetensors;

namespace {

struct Row {
  Dtype dtype;
  const char* name;
  std::uint32_t bits;
};

const Row dtype_rows[] = {
    {Dtype::BOOL, "BOOL", 8},
    {Dtype::F4, "F4", 4},
    {Dtype::F6_E2M3, "F6_E2M3", 6},
    {Dtype::F6_E3M2, "F6_E3M2", 6},
    {Dtype::U8, "U8", 8},
    {Dtype::I8, "I8", 8},
    {Dtype::F8_E5M2, "F8_E5M2", 8},
    {Dtype::F8_E4M3, "F8_E4M3", 8},
    {Dtype::F8_E8M0, "F8_E8M0", 8},
    {Dtype::F8_E4M3FNUZ, "F8_E4M3FNUZ", 8},
    {Dtype::F8_E5M2FNUZ, "F8_E5M2FNUZ", 8},
    {Dtype::I16, "I16", 16},
    {Dtype::U16, "U16", 16},
    {Dtype::F16, "F16", 16},
    {Dtype::BF16, "BF16", 16},
    {Dtype::I32, "I32", 32},
    {Dtype::U32, "U32", 32},
    {Dtype::F32, "F32", 32},
    {Dtype::C64, "C64", 64},
    {Dtype::F64, "F64", 64},
    {Dtype::I64, "I64", 64},
    {Dtype::U64, "U64", 64},
};

// Whether Tensor::as<T> accepts a tensor of this dtype.
template <class T>
bool as_accepts(Dtype dtype) {
  const std::vector<std::byte> element(dtype_bits(dtype) / 8);
  const auto bytes = Builder().add("x", dtype, {1}, element).save_memory();
  const Tensor x = File::from_memory(bytes).get("x");
  try {
    return x.as<T>().size() == 1;
  } catch (const Error& error) {
    if (error.code() != ST_E_INVALID_ARGUMENT) throw;
    return false;
  }
}

struct Half {
  std::uint16_t bits;
};

}  // namespace

TEST_CASE("every dtype has a name and a number of bits", "[wrapper][dtype]") {
  CHECK(std::size(dtype_rows) == 22);
  for (const Row& row : dtype_rows) {
    CAPTURE(row.name);
    CHECK(dtype_name(row.dtype) == row.name);
    CHECK(dtype_bits(row.dtype) == row.bits);
    CHECK(dtype_from_name(row.name) == row.dtype);
  }
}

TEST_CASE("an unknown dtype has no name, and an unknown name throws ST_E_DTYPE",
          "[wrapper][dtype]") {
  CHECK(dtype_name(Dtype{}).empty());
  CHECK(dtype_bits(Dtype{}) == 0);
  for (const char* name : {"", "F31", "f32", "F32 "}) {
    CAPTURE(name);
    try {
      dtype_from_name(name);
      FAIL("no exception");
    } catch (const Error& error) {
      CHECK(error.code() == ST_E_DTYPE);
    }
  }
}

TEST_CASE("Tensor::as accepts the type of the dtype", "[wrapper][dtype]") {
  CHECK(as_accepts<float>(Dtype::F32));
  CHECK(as_accepts<double>(Dtype::F64));
  CHECK(as_accepts<std::int8_t>(Dtype::I8));
  CHECK(as_accepts<std::int64_t>(Dtype::I64));
  CHECK(as_accepts<std::complex<float>>(Dtype::C64));
}

TEST_CASE("Tensor::as rejects another arithmetic type", "[wrapper][dtype]") {
  CHECK_FALSE(as_accepts<float>(Dtype::I32));
  CHECK_FALSE(as_accepts<float>(Dtype::F64));
  CHECK_FALSE(as_accepts<double>(Dtype::C64));
  CHECK_FALSE(as_accepts<double>(Dtype::I64));
  CHECK_FALSE(as_accepts<int>(Dtype::F32));
  CHECK_FALSE(as_accepts<int>(Dtype::U32));
  CHECK_FALSE(as_accepts<std::int64_t>(Dtype::I32));
}

TEST_CASE("Tensor::as accepts unsigned integers and class types of the size of the dtype",
          "[wrapper][dtype]") {
  CHECK(as_accepts<std::uint16_t>(Dtype::BF16));
  CHECK(as_accepts<std::uint16_t>(Dtype::F16));
  CHECK(as_accepts<Half>(Dtype::F16));
  CHECK(as_accepts<std::uint8_t>(Dtype::BOOL));
  CHECK(as_accepts<std::uint8_t>(Dtype::F8_E4M3));
  CHECK(as_accepts<std::uint32_t>(Dtype::F32));
  CHECK_FALSE(as_accepts<std::uint16_t>(Dtype::F32));
}
