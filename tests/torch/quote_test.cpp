#include "names/quote.h"

#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>

using namespace safetensors;

namespace {

// The message of the C ABI for a missing tensor of that name.
std::string missing_message(const File& file, const std::string& name) {
  st_tensor* tensor = nullptr;
  st_error error = ST_ERROR_INIT;
  REQUIRE(st_get_tensor(file.handle(), name.data(), name.size(), &tensor, &error) ==
          ST_E_TENSOR_NOT_FOUND);
  return error.message;
}

std::string encode_utf8(char32_t code) {
  const auto continuation = [&](int shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), continuation(0)};
  if (code < 0x10000)
    return {static_cast<char>(0xE0 | (code >> 12)), continuation(6), continuation(0)};
  return {static_cast<char>(0xF0 | (code >> 18)), continuation(12), continuation(6),
          continuation(0)};
}

}  // namespace

TEST_CASE("the layer and the C ABI escape names in messages alike") {
  const File file = File::from_memory(Builder().save_memory());
  std::vector<std::string> different;
  const auto compare = [&](const std::string& name) {
    if (missing_message(file, name).find(quote(name)) == std::string::npos)
      different.push_back(quote(name));
  };
  for (char32_t code = 0; code < 0x110000; ++code)
    compare("a" + encode_utf8(code) + "b");  // surrogates are invalid UTF-8
  for (const char* invalid : {"\x80", "\xC0\x80", "\xE2\x82", "\xF5\x80\x80\x80",
                              "\xF4\x90\x80\x80", "\xE0\x80\x80", "\xFF", "a\xE2\x82z"})
    compare(invalid);
  CHECK(different.empty());
}
