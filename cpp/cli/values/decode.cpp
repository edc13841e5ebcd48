#include "cli/values/decode.h"

#include <cstring>

namespace safetensors::cli {

namespace {

template <class T, class Number>
void decode_each(Bytes bytes, Span<Number> numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    numbers[i] = static_cast<Number>(value);
  }
}

// Any byte other than 0 is true.
template <class Number>
void decode_bool(Bytes bytes, Span<Number> numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = bytes[i] == std::byte{0} ? Number{0} : Number{1};
}

// Whether it has decoded the elements: those of dtypes whose numbers are floats, but not
// floating-point numbers.
template <class Number>
bool decode_small(Dtype dtype, Bytes bytes, Span<Number> numbers) {
  switch (dtype) {
    case Dtype::BOOL:
      decode_bool(bytes, numbers);
      return true;
    case Dtype::U8:
      decode_each<std::uint8_t>(bytes, numbers);
      return true;
    case Dtype::I8:
      decode_each<std::int8_t>(bytes, numbers);
      return true;
    case Dtype::U16:
      decode_each<std::uint16_t>(bytes, numbers);
      return true;
    case Dtype::I16:
      decode_each<std::int16_t>(bytes, numbers);
      return true;
    case Dtype::C64:
      decode_each<float>(bytes, numbers);
      return true;
    default:
      return false;
  }
}

}  // namespace

std::uint64_t numbers_per_element(Dtype dtype) {
  return dtype == Dtype::C64 ? 2 : 1;
}

std::uint64_t element_bytes(Dtype dtype, std::uint64_t elements) {
  return elements / 8 * dtype_bits(dtype) + elements % 8 * dtype_bits(dtype) / 8;
}

bool has_floats(Dtype dtype) {
  return dtype_bits(dtype) <= 16 || dtype == Dtype::F32 || dtype == Dtype::C64;
}

bool has_wide_integers(Dtype dtype) {
  return dtype == Dtype::I64 || dtype == Dtype::U64;
}

void decode(Dtype dtype, Bytes bytes, Span<float> numbers) {
  if (!decode_small(dtype, bytes, numbers)) convert(dtype, bytes, numbers);
}

void decode(Dtype dtype, Bytes bytes, Span<double> numbers) {
  if (decode_small(dtype, bytes, numbers)) return;
  switch (dtype) {
    case Dtype::U32:
      return decode_each<std::uint32_t>(bytes, numbers);
    case Dtype::I32:
      return decode_each<std::int32_t>(bytes, numbers);
    case Dtype::U64:
      return decode_each<std::uint64_t>(bytes, numbers);
    case Dtype::I64:
      return decode_each<std::int64_t>(bytes, numbers);
    default:
      return convert(dtype, bytes, numbers);
  }
}

}  // namespace safetensors::cli
