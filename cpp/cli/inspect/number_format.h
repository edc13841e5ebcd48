// The common format of the elements that NumPy prints together: their widths, digits and exponents.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

class NumberFormat {
 public:
  virtual ~NumberFormat() = default;
  // The text of an element. All have about the same width.
  virtual std::string operator()(std::uint64_t bits) const = 0;
};

// The format for elements of a dtype, given the bits of all of them.
std::unique_ptr<NumberFormat> make_number_format(Dtype dtype,
                                                 const std::vector<std::uint64_t>& elements);

// An element alone, as str() of a NumPy scalar.
std::string element_text(Dtype dtype, std::uint64_t bits);

// An integer or BOOL as a number.
bool is_signed_integer(Dtype dtype);
std::int64_t signed_value(Dtype dtype, std::uint64_t bits);

}  // namespace safetensors::cli
