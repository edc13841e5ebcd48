// Numbers as text: sizes, counts and shares.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

// A number in a format of printf, in at most 31 characters.
std::string number_text(const char* format, double value);

// "90.9 MB": decimal units, as the library's limits and huggingface_hub have them.
std::string human_bytes(std::uint64_t nbytes);

// "22,713,728".
std::string grouped(std::uint64_t number);

// "1 tensor", "104 tensors".
std::string counted(std::uint64_t number, std::string_view noun);

// "51.6 %", "<0.1 %"; empty for a total of 0.
std::string percentage(std::uint64_t part, std::uint64_t total);

// "384 x 384"; "scalar" without dimensions.
std::string shape_text(Span<const std::uint64_t> shape);
std::size_t shape_width(Span<const std::uint64_t> shape);

// "F32 384 x 384".
std::string type_text(Dtype dtype, Span<const std::uint64_t> shape);

std::uint64_t element_count(Span<const std::uint64_t> shape);

// A number of digits only.
std::optional<std::uint64_t> parse_number(std::string_view text);

// A number with an optional unit: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, in any case; a single
// letter K, M, G, T is decimal.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace safetensors::cli
