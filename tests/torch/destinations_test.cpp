// Copies values into each kind of tensor, or checks that it is rejected with its name and a remedy
// before anything is copied.
#include <ATen/ATen.h>
#include <ATen/functorch/BatchedTensorImpl.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "code_of.hpp"
#include "sample.hpp"
#include "scratch_directory.hpp"
#include "tensors.h"

using namespace safetensors;

namespace {

// Values for two tensors, of which the first is always valid.
void check_is_rejected(const at::Tensor& destination, const at::Tensor& values,
                       const std::string& way_out) {
  const ScratchDirectory folder;
  save_file({{"good", at::ones({1})}, {"bad", values}}, folder / "f");
  const at::Tensor good = at::zeros({1});
  const auto call = [&] { load_into({{"good", good}, {"bad", destination}}, folder / "f"); };
  CHECK(code_of<Error>(call) == ST_E_INVALID_ARGUMENT);
  const auto message = message_of(call);
  INFO(message);
  CHECK(contains(message, "\"bad\""));
  CHECK_FALSE(contains(message, "\"good\""));
  CHECK(contains(message, way_out));
  CHECK(same_bits(good, at::zeros({1})));
}

// A tensor of four elements with a storage of `nbytes` in front of memory for eight of them.
at::Tensor shrunk(const at::Tensor& memory, std::size_t nbytes, at::IntArrayRef strides = {1}) {
  const at::Tensor tensor = at::from_blob(memory.mutable_data_ptr(), {4}, strides);
  tensor.storage().unsafeGetStorageImpl()->set_nbytes(nbytes);
  return tensor;
}

at::Tensor quantized(at::ScalarType dtype) {
  return at::quantize_per_tensor(at::zeros({2}), 0.5, 0, dtype);
}

}  // namespace

TEST_CASE("destinations larger than their storage are rejected") {
  const at::Tensor freed = at::zeros({4});
  freed.storage().unsafeGetStorageImpl()->set_nbytes(0);
  freed.storage().set_data_ptr(c10::DataPtr(nullptr, c10::Device(c10::kCPU)));
  check_is_rejected(freed, at::ones({4}), "freed or resized");

  const at::Tensor memory = at::zeros({8});
  check_is_rejected(shrunk(memory, 8), at::ones({4}), "freed or resized");
  check_is_rejected(shrunk(memory, 16, {2}), at::ones({4}), "freed or resized");
  check_is_rejected(shrunk(memory, 15), at::ones({4}, at::kLong), "freed or resized");
  CHECK(same_bits(memory, at::zeros({8})));
}

TEST_CASE("a storage that ends with the last element is accepted") {
  const ScratchDirectory folder;
  save_file({{"w", at::ones({4})}}, folder / "f");
  const at::Tensor memory = at::zeros({8});
  load_into({{"w", shrunk(memory, 28, {2})}}, folder / "f");
  CHECK(same_bits(memory, at::tensor({1, 0, 1, 0, 1, 0, 1, 0}).to(at::kFloat)));
}

TEST_CASE("zero tensors without a storage are rejected") {
  check_is_rejected(at::_efficientzerotensor({2}, at::kFloat), at::ones({2}), "freed or resized");
}

TEST_CASE("wrapper tensors without a storage are rejected") {
  check_is_rejected(at::functorch::makeBatched(at::zeros({2, 2}), 0, 1), at::ones({2}), "wrap");
}

TEST_CASE("quantized destinations accept only F32, as copy_ does") {
  const auto dtype = GENERATE(at::kQInt8, at::kQUInt8, at::kQInt32);
  const ScratchDirectory folder;
  save_file({{"q", at::ones({2})}}, folder / "f");
  const at::Tensor q = quantized(dtype);
  load_into({{"q", q}}, folder / "f");
  CHECK(same_bits(q.dequantize(), at::ones({2})));

  check_is_rejected(quantized(dtype), at::ones({2}, at::kByte), "quantize_per_tensor()");
  check_is_rejected(quantized(dtype), at::ones({2}, at::kDouble), "quantize_per_tensor()");
  check_is_rejected(at::quantize_per_tensor(at::zeros({2, 3}), 0.5, 0, dtype).t(), at::ones({3, 2}),
                    "quantize_per_tensor()");
}

TEST_CASE("dtypes that LibTorch does not convert to are rejected") {
  for (const auto dtype : {at::kBits8, at::kBits16, at::ScalarType::UInt4, at::ScalarType::Int7})
    check_is_rejected(at::empty({2}, dtype), at::ones({2}), "load into a dtype of the format");
  check_is_rejected(at::empty({2, 2}, at::ScalarType::QUInt4x2), at::ones({2, 2}), "quantize");
}

TEST_CASE("values are converted to complex dtypes that the format does not have") {
  const auto dtype = GENERATE(at::kComplexDouble, at::kComplexHalf);
  const ScratchDirectory folder;
  save_file({{"z", at::ones({2})}}, folder / "f");
  const at::Tensor z = at::zeros({2}, at::kComplexDouble).to(dtype);
  load_into({{"z", z}}, folder / "f");
  CHECK(same_bits(at::real(z.to(at::kComplexFloat)), at::ones({2})));
}
