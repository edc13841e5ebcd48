// The 22 dtypes, strings that resemble them, and sub-byte elements.
#include "input.h"

namespace corpus {
namespace {

struct Size {
  const char* name;
  std::size_t bits;
};

constexpr Size dtypes[] = {
    {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64},        {"U64", 64},
};

const char* const unknown_dtypes[] = {
    "",
    "bool",
    "f32",
    "Bf16",
    "F32 ",
    " F32",
    "F32\\u0000",
    "F32\\n",
    "F",
    "F8",
    "F6",
    "F5",
    "F2",
    "F128",
    "F80",
    "F24",
    "TF32",
    "I4",
    "U4",
    "I1",
    "I128",
    "U128",
    "INT8",
    "UINT8",
    "C32",
    "C128",
    "C64C64",
    "Q4_0",
    "F4_E2M1",
    "F4_E2M1FN",
    "F6_E2M3FN",
    "F8_E4M3FN",
    "F8_E8M0FNU",
    "F8_E4M3_FNUZ",
    "F8_E5M2FNUZ8",
    "float32",
    "torch.float32",
    "<f4",
    "BOOLEAN",
    "FP16",
    "BF16,F16",
    "STRING",
    "F\\uFF1332",
};

// `elements` of a dtype in `bytes` bytes.
std::string sized(std::string_view dtype, std::string_view shape, std::size_t bytes) {
  return one({.dtype = "\"" + std::string(dtype) + "\"",
              .shape = std::string(shape),
              .offsets = "[0," + std::to_string(bytes) + "]"},
             bytes);
}

std::string spelled(std::string_view json) {
  return one({.dtype = std::string(json)});
}

}  // namespace

Inputs dtype_inputs() {
  Inputs inputs = {
      valid("a dtype with an escape", spelled("\"I\\u0031\\u0036\"")),
      refused("a dtype of null", spelled("null"), ST_E_SCHEMA),
      refused("a dtype that is true", spelled("true"), ST_E_SCHEMA),
      refused("a dtype that is a number", spelled("11"), ST_E_SCHEMA),
      refused("a dtype in an array", spelled("[\"I16\"]"), ST_E_SCHEMA),
      refused("a dtype that is an empty array", spelled("[]"), ST_E_SCHEMA),
      refused("a dtype that is an empty object", spelled("{}"), ST_E_SCHEMA),
      refused("a dtype that is an object of objects", spelled("{\"I16\":{}}"), ST_E_SCHEMA),
      refused("a dtype that is an object of numbers", spelled("{\"I16\":0}"), ST_E_SCHEMA),
      refused("a dtype that is an object of arrays", spelled("{\"I16\":[]}"), ST_E_SCHEMA),
      refused("a dtype that is an object of two", spelled("{\"I16\":null,\"F16\":null}"),
              ST_E_SCHEMA),
      refused("a dtype that is an object with an unknown name", spelled("{\"I17\":null}"),
              ST_E_SCHEMA),
      refused_here("a dtype that is an object of null", spelled("{\"I16\":null}"), ST_E_SCHEMA),
      refused_here("the same with an escape", spelled("{\"I1\\u0036\":null}"), ST_E_SCHEMA),

      valid("a BOOL that is neither 0 nor 1", sized("BOOL", "[3]", 3)),
      refused("a dtype of 32 bits for 16", sized("I32", "[3,2]", 12), ST_E_SIZE_MISMATCH),
      refused("a dtype of 8 bits for 16", sized("I8", "[3,2]", 12), ST_E_SIZE_MISMATCH),
      refused("two elements in twice the bytes", sized("U8", "[2]", 4), ST_E_SIZE_MISMATCH),
      refused("two elements in half the bytes", sized("U8", "[2]", 1), ST_E_SIZE_MISMATCH),

      // Four bits.
      valid("F4, a row of 2", sized("F4", "[2]", 1)),
      valid("F4, 3 rows of 2", sized("F4", "[3,2]", 3)),
      valid("F4, 2 rows of 3, the second in the middle of a byte", sized("F4", "[2,3]", 3)),
      valid("F4, 4 rows of 1", sized("F4", "[4,1]", 2)),
      valid("F4, nothing", sized("F4", "[0]", 0)),
      valid("F4, odd rows of nothing", sized("F4", "[3,0,5]", 0)),
      refused("F4, one element", sized("F4", "[1]", 1), ST_E_SUBBYTE),
      refused("F4, a scalar", sized("F4", "[]", 1), ST_E_SUBBYTE),
      refused("F4, a scalar without bytes", sized("F4", "[]", 0), ST_E_SUBBYTE),
      refused("F4, 3 elements rounded down", sized("F4", "[3]", 1), ST_E_SUBBYTE),
      refused("F4, 3 elements rounded up", sized("F4", "[3]", 2), ST_E_SUBBYTE),
      refused("F4, 3 rows of 3", sized("F4", "[3,3]", 5), ST_E_SUBBYTE),
      refused("F4, a byte an element", sized("F4", "[2]", 2), ST_E_SIZE_MISMATCH),
  };
  for (const std::string dtype : {"F6_E2M3", "F6_E3M2"}) {
    inputs.push_back(valid(dtype + ", 4 elements", sized(dtype, "[4]", 3)));
    inputs.push_back(valid(dtype + ", 2 rows of 2", sized(dtype, "[2,2]", 3)));
    inputs.push_back(valid(dtype + ", 8 rows of 1", sized(dtype, "[8,1]", 6)));
    inputs.push_back(valid(dtype + ", nothing", sized(dtype, "[0,3]", 0)));
    inputs.push_back(refused(dtype + ", one element", sized(dtype, "[1]", 1), ST_E_SUBBYTE));
    inputs.push_back(refused(dtype + ", 2 elements", sized(dtype, "[2]", 2), ST_E_SUBBYTE));
    inputs.push_back(refused(dtype + ", 3 elements", sized(dtype, "[3]", 3), ST_E_SUBBYTE));
    inputs.push_back(refused(dtype + ", 5 elements", sized(dtype, "[5]", 4), ST_E_SUBBYTE));
    inputs.push_back(refused(dtype + ", a scalar", sized(dtype, "[]", 1), ST_E_SUBBYTE));
    inputs.push_back(
        refused(dtype + ", a byte an element", sized(dtype, "[4]", 4), ST_E_SIZE_MISMATCH));
  }
  for (const auto& [name, bits] : dtypes) {
    const std::string dtype = name;
    inputs.push_back(
        valid(dtype + ", 4 elements as they should be", sized(dtype, "[4]", bits / 2)));
    inputs.push_back(valid(dtype + ", 3 rows of 8", sized(dtype, "[3,8]", bits * 3)));
    inputs.push_back(refused(dtype + ", a byte too many", sized(dtype, "[4]", bits / 2 + 1),
                             ST_E_SIZE_MISMATCH));
    inputs.push_back(
        refused(dtype + ", a byte too few", sized(dtype, "[4]", bits / 2 - 1), ST_E_SIZE_MISMATCH));
  }
  for (const char* name : unknown_dtypes) {
    inputs.push_back(refused(std::string("the dtype \"") + name + "\"",
                             spelled("\"" + std::string(name) + "\""), ST_E_DTYPE));
  }
  return inputs;
}

}  // namespace corpus
