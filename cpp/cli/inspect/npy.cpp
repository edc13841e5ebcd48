#include "cli/inspect/npy.h"

#include "cli/exit_code.h"

namespace safetensors::cli {

namespace {

std::string description_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::BOOL:
      return "|b1";
    case Dtype::U8:
      return "|u1";
    case Dtype::I8:
      return "|i1";
    case Dtype::I16:
      return "<i2";
    case Dtype::U16:
      return "<u2";
    case Dtype::F16:
      return "<f2";
    case Dtype::I32:
      return "<i4";
    case Dtype::U32:
      return "<u4";
    case Dtype::F32:
      return "<f4";
    case Dtype::C64:
      return "<c8";
    case Dtype::F64:
      return "<f8";
    case Dtype::I64:
      return "<i8";
    case Dtype::U64:
      return "<u8";
    default:
      break;
  }
  if (dtype_bits(dtype) % 8 != 0)
    throw UsageError("dtype " + std::string(dtype_name(dtype)) +
                     " has no form in NumPy: use --raw for its packed bytes");
  return "|V" + std::to_string(dtype_bits(dtype) / 8);
}

std::string shape_tuple(const std::vector<std::uint64_t>& shape) {
  std::string text = "(";
  for (std::size_t d = 0; d < shape.size(); ++d)
    text += (d > 0 ? ", " : "") + std::to_string(shape[d]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace

std::string npy_header(Dtype dtype, const std::vector<std::uint64_t>& shape) {
  constexpr std::size_t alignment = 64;
  std::string dictionary = "{'descr': '" + description_of(dtype) +
                           "', 'fortran_order': False, 'shape': " + shape_tuple(shape) + ", }";
  // Format 2.0 has a length of 4 bytes, for shapes of many dimensions.
  const bool is_long = dictionary.size() + 1 + 10 + alignment > 0xFFFF;
  const std::size_t prefix = is_long ? 12 : 10;
  dictionary.append(alignment - 1 - (prefix + dictionary.size()) % alignment, ' ');
  dictionary += '\n';
  std::string header = std::string("\x93NUMPY") + (is_long ? '\2' : '\1') + '\0';
  for (std::size_t i = 0; i < prefix - 8; ++i)
    header += static_cast<char>(dictionary.size() >> (8 * i) & 0xFF);
  return header + dictionary;
}

}  // namespace safetensors::cli
