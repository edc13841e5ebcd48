#include <array>
#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>
#include <string>
#include <vector>

using safetensors::Bytes;
using safetensors::MutableBytes;
using safetensors::Span;

TEST_CASE("Bytes converts from any container of trivially copyable elements", "[wrapper][span]") {
  const std::vector<float> vector = {1, 2, 3};
  const std::array<std::uint16_t, 5> array = {};
  const double c_array[2] = {};
  const std::string text = "abc";
  CHECK(Bytes(vector).size() == 12);
  CHECK(static_cast<const void*>(Bytes(vector).data()) == vector.data());
  CHECK(Bytes(array).size() == 10);
  CHECK(Bytes(c_array).size() == 16);
  CHECK(Bytes(text).size() == 3);
  CHECK(Bytes(std::string_view("abcd")).size() == 4);
  CHECK(Bytes(Span<const float>(vector)).size() == 12);
}

TEST_CASE("MutableBytes requires elements that are not const", "[wrapper][span]") {
  CHECK(std::is_constructible_v<MutableBytes, std::vector<float>&>);
  CHECK(std::is_constructible_v<Bytes, const std::vector<float>&>);
  CHECK(std::is_convertible_v<MutableBytes, Bytes>);
  CHECK_FALSE(std::is_constructible_v<MutableBytes, const std::vector<float>&>);
  CHECK_FALSE(std::is_convertible_v<Bytes, MutableBytes>);
}

TEST_CASE("Span rejects temporaries, pointers and elements of another type", "[wrapper][span]") {
  CHECK_FALSE(std::is_constructible_v<Bytes, std::vector<float>>);
  CHECK_FALSE(std::is_constructible_v<Bytes, std::string>);
  CHECK_FALSE(std::is_constructible_v<Bytes, std::vector<std::string>&>);
  CHECK_FALSE(std::is_constructible_v<Bytes, std::vector<int*>&>);
  CHECK_FALSE(std::is_constructible_v<Span<const float>, std::vector<double>&>);
  CHECK_FALSE(std::is_constructible_v<Span<const float>, std::vector<int>&>);
}

TEST_CASE("a braced list converts to a Span argument", "[wrapper][span]") {
  const auto sum = [](Span<const std::uint64_t> values) {
    std::uint64_t total = 100 * values.size();
    for (const std::uint64_t value : values)
      total += value;
    return total;
  };
  CHECK(sum({}) == 0);
  CHECK(sum({0}) == 100);
  CHECK(sum({2, 3}) == 205);
  CHECK(sum({0, 7}) == 207);
}

#ifdef __cpp_lib_span
TEST_CASE("Span converts to std::span and back", "[wrapper][span]") {
  std::vector<float> values = {1, 2, 3};
  const Span<float> span = values;
  const std::span<float> std_span = span;
  CHECK(std_span.data() == values.data());
  CHECK(std_span.size() == 3);
  CHECK(Span<const float>(std_span).data() == values.data());
  CHECK(Bytes(std_span).size() == 12);
  CHECK(Bytes(std::as_bytes(std_span)).size() == 12);
  const std::span<const std::byte> bytes = Bytes(values);
  CHECK(bytes.size() == 12);
  const std::span<std::byte> writable = MutableBytes(values);
  CHECK(writable.size() == 12);
}
#endif
