#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>

#include "code_of.hpp"
#include "sample.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;

TEST_CASE("a Tensor is valid after its File is destroyed", "[wrapper][tensor]") {
  const ScratchDirectory folder;
  write_file(folder / "a", sample());
  for (const Backend backend : {Backend::Mmap, Backend::Pread}) {
    OpenOptions options;
    options.backend = backend;
    const Tensor tensor = File::open(folder / "a", options).get("matrix");
    const Tensor copy = tensor;
    CHECK(copy.bytes().data() == tensor.bytes().data());
    CHECK(tensor.info().name == "matrix");
    CHECK(tensor.info().nbytes == 24);
    CHECK(tensor.as<float>()[5] == 5);
  }
}

// Whether bytes(), info() and so on can be called on a T.
template <class T, class = void>
constexpr bool has_views = false;
template <class T>
constexpr bool has_views<T, std::void_t<decltype(std::declval<T>().bytes())>> = true;

TEST_CASE("views of a temporary Tensor do not compile", "[wrapper][tensor]") {
  CHECK(has_views<const Tensor&>);
  CHECK_FALSE(has_views<Tensor>);
  CHECK_FALSE(has_views<const Tensor>);
}

TEST_CASE("a Tensor of from_memory refers to the caller's bytes", "[wrapper][tensor]") {
  const auto bytes = sample();
  const Tensor tensor = File::from_memory(bytes).get("count");
  CHECK(tensor.bytes().data() == bytes.data() + bytes.size() - 38);
}

TEST_CASE("mutable_bytes requires OpenOptions::writable, and writes do not change the file",
          "[wrapper][tensor]") {
  const ScratchDirectory folder;
  write_file(folder / "a", sample());
  OpenOptions read, mapped, private_copy;
  read.backend = Backend::Pread;
  read.writable = true;
  mapped.backend = private_copy.backend = Backend::Mmap;
  private_copy.writable = true;
  const Tensor in_file = File::open(folder / "a", mapped).get("matrix");
  const Tensor in_memory = File::from_memory(sample()).get("matrix");
  CHECK(in_file.mutable_bytes().empty());
  CHECK(in_memory.mutable_bytes().empty());
  for (const OpenOptions& options : {read, private_copy}) {
    const Tensor tensor = File::open(folder / "a", options).get("matrix");
    REQUIRE(tensor.mutable_bytes().size() == 24);
    tensor.mutable_bytes()[0] = std::byte{1};
    CHECK(tensor.bytes()[0] == std::byte{1});
  }
  CHECK(read_file<std::vector<std::byte>>(folder / "a") == sample());
}

TEST_CASE("Tensor::as rejects misaligned elements; copy_unaligned and File::read copy them",
          "[wrapper][tensor]") {
  const auto bytes = file_of(R"({"flag":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("x":{"dtype":"F32","shape":[1],"data_offsets":[1,5]},)"
                             R"("empty":{"dtype":"F32","shape":[0],"data_offsets":[5,5]}})",
                             bytes_of<std::uint8_t>({1}) + bytes_of<float>({0.5f}));
  const File file = File::from_memory(bytes);
  const Tensor x = file.get("x"), empty = file.get("empty");
  CHECK(code_of<Error>([&] { x.as<float>(); }) == ST_E_UNSUPPORTED);
  CHECK(file.read<float>("x") == std::vector<float>{0.5f});
  CHECK(empty.as<float>().empty());

  OpenOptions options;
  options.copy_unaligned = true;
  const Tensor copy = File::from_memory(bytes, options).get("x");
  CHECK(copy.as<float>()[0] == 0.5f);
}

TEST_CASE("elements smaller than a byte are accessible as bytes only", "[wrapper][tensor]") {
  const File file = File::from_memory(sample());
  const Tensor nibbles = file.get("nibbles");
  CHECK(code_of<Error>([&] { nibbles.as<std::uint8_t>(); }) == ST_E_INVALID_ARGUMENT);
  CHECK(code_of<Error>([&] { file.read<std::uint8_t>("nibbles"); }) == ST_E_INVALID_ARGUMENT);
  CHECK(nibbles.bytes().size() == 2);
}
