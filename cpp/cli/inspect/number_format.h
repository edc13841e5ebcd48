// The common format of the elements that NumPy prints together: their widths, digits and exponents.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

class NumberFormat {
 public:
  virtual ~NumberFormat() = default;
  // The text of an element. All have about the same width.
  virtual std::string operator()(std::uint64_t bits) const = 0;
};

// Calls the function with the bits of all elements that are printed together.
using ForEachElement = std::function<void(const std::function<void(std::uint64_t bits)>&)>;

// The format for elements of a dtype. Goes twice through them, which are not kept in memory.
std::unique_ptr<NumberFormat> make_number_format(Dtype dtype, const ForEachElement& elements);

// An element alone, as str() of a NumPy scalar.
std::string element_text(Dtype dtype, std::uint64_t bits);

// An integer or BOOL as a number.
bool is_signed_integer(Dtype dtype);
std::int64_t signed_value(Dtype dtype, std::uint64_t bits);

}  // namespace safetensors::cli
