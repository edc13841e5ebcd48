// The dtypes of C++ types, and what that means for adding tensors to a Builder.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <complex>
#include <optional>
#include <safetensors/safetensors.hpp>
#ifdef ST_HAS_EIGEN
#include <Eigen/Core>
#endif

#include "code_of.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;

namespace {

// A type of the program, with a dtype and without one.
struct Half {
  std::uint16_t bits;
};
struct Opaque {
  std::uint16_t bits;
};

template <class T>
constexpr std::optional<Dtype> dtype_or_none() {
  if constexpr (has_dtype_v<T>) return dtype_of<T>::value;
  return std::nullopt;
}

// The only tensor of what the Builder saves.
struct Saved {
  Dtype dtype;
  std::vector<std::uint64_t> shape;
  std::vector<std::byte> bytes;

  explicit Saved(const Builder& builder) {
    const auto saved = builder.save_memory();
    const File file = File::from_memory(saved);
    REQUIRE(file.size() == 1);
    const auto info = file.tensors()[0];
    dtype = info.dtype;
    shape.assign(info.shape.begin(), info.shape.end());
    bytes.resize(info.nbytes);
    file.read_into(info.name, bytes);
  }

  template <class T>
  std::vector<T> as() const {
    std::vector<T> elements(bytes.size() / sizeof(T));
    std::memcpy(elements.data(), bytes.data(), bytes.size());
    return elements;
  }
};

}  // namespace

template <>
struct safetensors::dtype_of<Half> : safetensors::dtype_constant<safetensors::Dtype::F16> {};

TEST_CASE("every arithmetic type of the format has its dtype", "[wrapper][elements]") {
  CHECK(dtype_or_none<bool>() == Dtype::BOOL);
  CHECK(dtype_or_none<float>() == Dtype::F32);
  CHECK(dtype_or_none<double>() == Dtype::F64);
  CHECK(dtype_or_none<std::complex<float>>() == Dtype::C64);
  CHECK(dtype_or_none<signed char>() == Dtype::I8);
  CHECK(dtype_or_none<unsigned char>() == Dtype::U8);
  CHECK(dtype_or_none<short>() == Dtype::I16);
  CHECK(dtype_or_none<std::uint16_t>() == Dtype::U16);
  CHECK(dtype_or_none<int>() == Dtype::I32);
  CHECK(dtype_or_none<unsigned>() == Dtype::U32);
  CHECK(dtype_or_none<long>() == Dtype::I64);
  CHECK(dtype_or_none<long long>() == Dtype::I64);
  CHECK(dtype_or_none<unsigned long>() == Dtype::U64);
  CHECK(dtype_or_none<unsigned long long>() == Dtype::U64);
  CHECK(dtype_or_none<Half>() == Dtype::F16);
}

TEST_CASE("characters, long double and other types have no dtype", "[wrapper][elements]") {
  CHECK_FALSE(has_dtype_v<char>);
  CHECK_FALSE(has_dtype_v<wchar_t>);
  CHECK_FALSE(has_dtype_v<char16_t>);
  CHECK_FALSE(has_dtype_v<long double>);
  CHECK_FALSE(has_dtype_v<std::complex<double>>);
  CHECK_FALSE(has_dtype_v<std::byte>);
  CHECK_FALSE(has_dtype_v<Opaque>);
}

TEST_CASE("Builder::add takes the dtype of the elements", "[wrapper][elements]") {
  const std::vector<float> borrowed = {1, 2, 3};
  float array[] = {1, 2, 3};
  for (const Saved& saved :
       {Saved(Builder().add("x", {3}, borrowed)), Saved(Builder().add("x", {3}, array)),
        Saved(Builder().add("x", {3}, std::vector<float>{1, 2, 3})),
        Saved(Builder().add("x", {3}, std::array<float, 3>{1, 2, 3})),
        Saved(Builder().add("x", {3}, Span<const float>(borrowed))),
        Saved(Builder().add_copy("x", {3}, borrowed))}) {
    CHECK(saved.dtype == Dtype::F32);
    CHECK(saved.shape == std::vector<std::uint64_t>{3});
    CHECK(saved.as<float>() == borrowed);
  }
  CHECK(Saved(Builder().add("x", {2}, std::vector<Half>(2))).dtype == Dtype::F16);
  CHECK(Saved(Builder().add("x", {}, std::vector<std::int64_t>{7})).dtype == Dtype::I64);
  const bool flags[] = {true, false};
  CHECK(Saved(Builder().add("x", {2}, flags)).dtype == Dtype::BOOL);
}

TEST_CASE("Builder::add rejects elements of another dtype", "[wrapper][elements]") {
  const auto rejects = [](Dtype dtype, auto elements) {
    return code_of<Error>([&] { Builder().add("x", dtype, {1}, elements); }) ==
               ST_E_INVALID_ARGUMENT &&
           code_of<Error>([&] { Builder().add_copy("x", dtype, {1}, elements); }) ==
               ST_E_INVALID_ARGUMENT;
  };
  CHECK(rejects(Dtype::I32, std::vector<float>(1)));
  CHECK(rejects(Dtype::F32, std::vector<int>(1)));
  CHECK(rejects(Dtype::U32, std::vector<int>(1)));
  CHECK(rejects(Dtype::BF16, std::vector<Half>(1)));
  CHECK(rejects(Dtype::F64, std::vector<std::int64_t>(1)));
  CHECK(rejects(Dtype::F64, std::vector<std::complex<float>>(1)));
}

TEST_CASE("unsigned integers, bytes and types without a dtype are raw bits of any dtype",
          "[wrapper][elements]") {
  CHECK(Saved(Builder().add("x", Dtype::BF16, {2}, std::vector<std::uint16_t>(2))).dtype ==
        Dtype::BF16);
  CHECK(Saved(Builder().add("x", Dtype::F4, {4}, std::vector<std::uint8_t>(2))).dtype == Dtype::F4);
  CHECK(Saved(Builder().add("x", Dtype::F32, {1}, std::vector<std::byte>(4))).dtype == Dtype::F32);
  CHECK(Saved(Builder().add("x", Dtype::F16, {1}, std::vector<Opaque>(1))).dtype == Dtype::F16);
  CHECK(Saved(Builder().add("x", Dtype::I8, {2}, std::string("ab"))).dtype == Dtype::I8);
}

TEST_CASE("Builder::add_copy keeps what the elements were", "[wrapper][elements]") {
  Builder builder;
  std::vector<float> reused(1);
  for (const char* name : {"0", "1", "2", "3"}) {
    reused[0] = static_cast<float>(name[0] - '0');
    builder.add_copy(name, {1}, reused);
  }
  const auto saved = builder.save_memory();
  const File file = File::from_memory(saved);
  for (const char* name : {"0", "1", "2", "3"})
    CHECK(file.read<float>(name) == std::vector<float>{static_cast<float>(name[0] - '0')});
}

TEST_CASE("a SetWriter takes the dtype of the elements", "[wrapper][elements]") {
  const ScratchDirectory folder;
  SetWriter writer(folder / "set");
  writer.add("x", {2}, std::vector<float>{1, 2});
  CHECK(code_of<Error>([&] {
          writer.add("y", Dtype::I32, {2}, std::vector<float>{1, 2});
        }) == ST_E_INVALID_ARGUMENT);
  writer.commit();
  const File file = File::open_set(folder / "set");
  CHECK(file.size() == 1);
  CHECK(file.read<float>("x") == std::vector<float>{1, 2});
}

TEST_CASE("a Writer rejects elements of another dtype", "[wrapper][elements]") {
  const ScratchDirectory folder;
  Writer writer(folder / "f", {{"a", Dtype::F32, {2}}, {"b", Dtype::BF16, {2}}});
  const auto rejects = [](auto call) { return code_of<Error>(call) == ST_E_INVALID_ARGUMENT; };
  const std::vector<std::int64_t> integers = {1};
  CHECK(rejects([&] { writer.write("a", integers); }));
  CHECK(rejects([&] { writer.write("a", 0, integers); }));
  CHECK(rejects([&] { writer.write(0, integers); }));
  CHECK(rejects([&] { writer.write(0, 0, integers); }));
  CHECK(rejects([&] { writer.write("b", std::vector<Half>(2)); }));
  writer.write("a", 4, std::vector<float>{2});
  writer.write(0, 0, std::vector<float>{1});
  writer.write("b", std::vector<std::uint16_t>{1, 2});
  writer.commit();
  CHECK(File::open(folder / "f").read<float>("a") == std::vector<float>{1, 2});
}

TEST_CASE("Tensor::as rejects a program's type of another dtype", "[wrapper][elements]") {
  const auto bytes =
      Builder().add("x", Dtype::BF16, {1}, std::vector<std::uint16_t>{1}).save_memory();
  const Tensor x = File::from_memory(bytes).get("x");
  CHECK(code_of<Error>([&] { x.as<Half>(); }) == ST_E_INVALID_ARGUMENT);
  CHECK(x.as<Opaque>()[0].bits == 1);
}

TEST_CASE("a Builder that was moved from throws", "[wrapper][elements]") {
  const ScratchDirectory folder;
  Builder from;
  from.add("x", {1}, std::vector<float>{1});
  const Builder to = std::move(from);
  CHECK(Saved(to).as<float>() == std::vector<float>{1});
  const auto throws = [](auto call) { return code_of<Error>(call) == ST_E_INVALID_ARGUMENT; };
  CHECK(throws([&] { from.save(folder / "a"); }));
  CHECK(throws([&] { from.save_set(folder / "a"); }));
  CHECK(throws([&] { from.save_size(); }));
  CHECK(throws([&] { from.save_memory(); }));
  CHECK(throws([&] { from.save_to([](Bytes) {}); }));
  CHECK(throws([&] { from.open_writer(folder / "a"); }));
  CHECK(throws([&] { from.add("y", {1}, std::vector<float>{1}); }));
  CHECK(throws([&] { from.add("y", Dtype::F32, {1}, 4, [](std::uint64_t, MutableBytes) {}); }));
  CHECK(throws([&] { from.add_copy("y", {1}, std::vector<float>{1}); }));
  CHECK(throws([&] { from.declare("y", Dtype::F32, {1}); }));
  CHECK(throws([&] { from.add_metadata("k", "v"); }));
  from = Builder();
  from.add("y", {1}, std::vector<float>{2});
  CHECK(Saved(from).as<float>() == std::vector<float>{2});
}

#ifdef ST_HAS_EIGEN

template <>
struct safetensors::dtype_of<Eigen::half> : safetensors::dtype_constant<safetensors::Dtype::F16> {};

TEST_CASE("matrices of Eigen are saved by rows and columns in any storage order",
          "[wrapper][elements]") {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::MatrixXf columns(2, 3);
  columns << 0, 1, 2, 3, 4, 5;
  const RowMajor rows = columns;
  const std::vector<float> expected = {0, 1, 2, 3, 4, 5};
  for (const Saved& saved : {Saved(Builder().add("x", columns)), Saved(Builder().add("x", rows))}) {
    CHECK(saved.dtype == Dtype::F32);
    CHECK(saved.shape == std::vector<std::uint64_t>{2, 3});
    CHECK(saved.as<float>() == expected);
  }
  const Saved block(Builder().add("x", rows.block(0, 1, 2, 2)));
  CHECK(block.shape == std::vector<std::uint64_t>{2, 2});
  CHECK(block.as<float>() == std::vector<float>{1, 2, 4, 5});
  const Saved row(Builder().add("x", columns.row(1)));
  CHECK(row.shape == std::vector<std::uint64_t>{3});
  CHECK(row.as<float>() == std::vector<float>{3, 4, 5});
  CHECK(Saved(Builder().add("x", Eigen::VectorXd::Zero(4).eval())).dtype == Dtype::F64);
  CHECK(Saved(Builder().add("x", Eigen::Matrix<Eigen::half, 2, 1>::Zero().eval())).dtype ==
        Dtype::F16);
}

TEST_CASE("only matrices of Eigen that are dense in row-major order are bytes",
          "[wrapper][elements]") {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Block = Eigen::Block<RowMajor>;
  CHECK(std::is_constructible_v<Bytes, const RowMajor&>);
  CHECK(std::is_constructible_v<Bytes, const Eigen::VectorXf&>);
  CHECK(std::is_constructible_v<MutableBytes, RowMajor&>);
  CHECK_FALSE(std::is_constructible_v<Bytes, const Eigen::MatrixXf&>);
  CHECK_FALSE(std::is_constructible_v<MutableBytes, Eigen::MatrixXf&>);
  CHECK_FALSE(std::is_constructible_v<Bytes, const Block&>);
  CHECK_FALSE(std::is_constructible_v<Bytes, const Eigen::MatrixXf::RowXpr&>);
}

#endif
