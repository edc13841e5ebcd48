// Saves each kind of tensor, or checks that it is rejected with its name and a remedy.
#include <ATen/ATen.h>
#include <ATen/functorch/BatchedTensorImpl.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "code_of.hpp"
#include "sample.hpp"
#include "scratch_directory.hpp"
#include "sparse_file.h"
#include "tensors.h"

using namespace safetensors;

namespace {

void check_comes_back(const at::Tensor& tensor) {
  CHECK(same_bits(load(save({{"t", tensor}}))["t"], tensor));
}

void check_is_rejected(const at::Tensor& tensor, st_status code, const std::string& way_out) {
  const auto call = [&] { save({{"good", at::ones({1})}, {"bad", tensor}}); };
  CHECK(code_of<Error>(call) == code);
  const auto message = message_of(call);
  INFO(message);
  CHECK(contains(message, "\"bad\""));
  CHECK_FALSE(contains(message, "\"good\""));
  CHECK_FALSE(contains(message, " are "));  // there is one
  CHECK_FALSE(contains(message, " them"));
  CHECK(contains(message, way_out));
}

}  // namespace

TEST_CASE("scalars, empty tensors and tensors that require gradients are saved and loaded") {
  check_comes_back(at::scalar_tensor(3.5));
  check_comes_back(at::empty({0}));
  check_comes_back(at::empty({2, 0, 3}, at::kLong));
  check_comes_back(at::ones({2, 3}, at::requires_grad()));
  check_comes_back(at::ones({4}, at::kFloat8_e4m3fn));
  check_comes_back(at::ones({1}, at::kComplexFloat));
  check_comes_back(at::ones({1, 1}).expand({1, 1}));
}

TEST_CASE("the bits of NaNs are preserved") {
  check_comes_back(at::full({1}, 0x7fc12345, at::kInt).view(at::kFloat));
}

TEST_CASE("lazy conjugates and negatives are saved as their values") {
  const at::Tensor z = at::complex(counting({3}), counting({3}));
  CHECK(same_bits(load(save({{"t", z.conj()}}))["t"], z.conj().resolve_conj()));
  const at::Tensor negative = at::_neg_view(counting({3}));
  CHECK(same_bits(load(save({{"t", negative}}))["t"], -counting({3})));
}

TEST_CASE("sparse tensors of every layout are rejected") {
  const at::Tensor dense = at::eye(4);
  check_is_rejected(dense.to_sparse(), ST_E_INVALID_ARGUMENT, "to_dense()");
  check_is_rejected(dense.to_sparse_csr(), ST_E_INVALID_ARGUMENT, "to_dense()");
  check_is_rejected(dense.to_mkldnn(), ST_E_INVALID_ARGUMENT, "to_dense()");
}

TEST_CASE("nested tensors are rejected") {
  const std::vector<at::Tensor> parts = {at::ones({2}), at::ones({3})};
  check_is_rejected(at::_nested_tensor_from_tensor_list(parts), ST_E_INVALID_ARGUMENT, "unbind()");
}

TEST_CASE("quantized tensors are rejected") {
  check_is_rejected(at::quantize_per_tensor(at::ones({2}), 0.1, 0, at::kQInt8),
                    ST_E_INVALID_ARGUMENT, "dequantize()");
}

TEST_CASE("dtypes that the format does not have are rejected") {
  check_is_rejected(at::ones({2}, at::kComplexDouble), ST_E_DTYPE, "view_as_real()");
  check_is_rejected(at::ones({2}, at::kComplexHalf), ST_E_DTYPE, "ComplexHalf");
  check_is_rejected(at::empty({2}, at::kBits8), ST_E_DTYPE, "to()");
}

TEST_CASE("tensors without data are rejected") {
  check_is_rejected(at::empty({2}, at::device(at::kMeta)), ST_E_INVALID_ARGUMENT, "meta");
  check_is_rejected(at::Tensor(), ST_E_INVALID_ARGUMENT, "undefined");
  const at::Tensor freed = at::ones({4});
  freed.storage().unsafeGetStorageImpl()->set_nbytes(0);
  freed.storage().set_data_ptr(c10::DataPtr(nullptr, c10::Device(c10::kCPU)));
  check_is_rejected(freed, ST_E_INVALID_ARGUMENT, "freed or resized");
  const at::Tensor shrunk = at::ones({4});
  shrunk.storage().unsafeGetStorageImpl()->set_nbytes(8);
  check_is_rejected(shrunk, ST_E_INVALID_ARGUMENT, "freed or resized");
}

TEST_CASE("wrapper tensors without a storage are rejected") {
  check_is_rejected(at::functorch::makeBatched(at::ones({2, 3}), 0, 1), ST_E_INVALID_ARGUMENT,
                    "wrap");
}

TEST_CASE("an F4 scalar is rejected") {
  check_is_rejected(at::zeros({}, at::kByte).view(c10::ScalarType::Float4_e2m1fn_x2),
                    ST_E_INVALID_ARGUMENT, "unsqueeze");
}

TEST_CASE("the message names every rejected tensor") {
  const auto message = message_of([] {
    save({{"s", at::eye(2).to_sparse()},
          {"q", at::ones({2}, at::kComplexDouble)},
          {"s2", at::eye(2).to_sparse()}});
  });
  CHECK(contains(message, R"("s" (Float), "s2" (Float))"));
  CHECK(contains(message, R"("q" (ComplexDouble))"));
}

TEST_CASE("messages escape control, bidi and invalid characters in names") {
  const auto shown = [](const std::string& name) {
    return message_of([&] { save({{name, at::eye(2).to_sparse()}}); });
  };
  CHECK(contains(shown("a\n\x1b\""), R"("a\x0a\x1b\"")"));
  CHECK(contains(shown("a\xc2\x85\xe2\x80\xae"), R"("a\u0085\u202e")"));
  CHECK(contains(shown("\xe2\x80\x90\xef\xbb\xbf"), "\"\xe2\x80\x90\\ufeff\""));
  CHECK(contains(shown("gr\xc3\xbc\xc3\x9f\xe4\xbd\xa0"), "\"gr\xc3\xbc\xc3\x9f\xe4\xbd\xa0\""));
  CHECK(contains(shown("\xe2\x80\xff"), R"("\xe2\x80\xff")"));
}

TEST_CASE("tensors beyond 2 and 4 GiB are mapped") {
  const ScratchDirectory folder;
  const std::int64_t size = (std::int64_t{5} << 30) + 3;
  write_sparse_file(folder / "f", size, {{size - 1, 'z'}});
  const auto tensors = load_file(folder / "f");
  CHECK(tensors["big"].numel() == size);
  CHECK(tensors["big"].index({size - 1}).item<std::uint8_t>() == 'z');
  CHECK(tensors["big"].index({0}).item<std::uint8_t>() == 0);
}

TEST_CASE("a tensor of more than 2 GiB is saved") {
  const ScratchDirectory folder;
  const std::int64_t size = (std::int64_t{2} << 30) + 3;
  write_sparse_file(folder / "f", size, {{0, 'a'}, {size / 2, 'm'}, {size - 1, 'z'}});
  const auto tensors = load_file(folder / "f");
  save_file(tensors, folder / "g");
  CHECK(std::filesystem::file_size(folder / "g") == std::filesystem::file_size(folder / "f"));
  CHECK(at::equal(load_file(folder / "g")["big"], tensors["big"]));
}
