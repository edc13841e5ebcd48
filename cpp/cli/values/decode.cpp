#include "cli/values/decode.h"

#include <cstring>

namespace safetensors::cli {

namespace {

template <class T>
void decode_each(Bytes bytes, Span<double> numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    numbers[i] = static_cast<double>(value);
  }
}

// Any byte other than 0 is true.
void decode_bool(Bytes bytes, Span<double> numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = bytes[i] == std::byte{0} ? 0 : 1;
}

}  // namespace

std::uint64_t numbers_per_element(Dtype dtype) {
  return dtype == Dtype::C64 ? 2 : 1;
}

std::uint64_t element_bytes(Dtype dtype, std::uint64_t elements) {
  return elements / 8 * dtype_bits(dtype) + elements % 8 * dtype_bits(dtype) / 8;
}

void decode(Dtype dtype, Bytes bytes, Span<double> numbers) {
  switch (dtype) {
    case Dtype::BOOL:
      return decode_bool(bytes, numbers);
    case Dtype::U8:
      return decode_each<std::uint8_t>(bytes, numbers);
    case Dtype::I8:
      return decode_each<std::int8_t>(bytes, numbers);
    case Dtype::U16:
      return decode_each<std::uint16_t>(bytes, numbers);
    case Dtype::I16:
      return decode_each<std::int16_t>(bytes, numbers);
    case Dtype::U32:
      return decode_each<std::uint32_t>(bytes, numbers);
    case Dtype::I32:
      return decode_each<std::int32_t>(bytes, numbers);
    case Dtype::U64:
      return decode_each<std::uint64_t>(bytes, numbers);
    case Dtype::I64:
      return decode_each<std::int64_t>(bytes, numbers);
    case Dtype::C64:
      return decode_each<float>(bytes, numbers);
    default:
      return convert(dtype, bytes, numbers);
  }
}

}  // namespace safetensors::cli
