#include "tensor_values.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "readable_text.h"

enum { SHOWN = 5 };

/* Converts a float with `exponent` and `mantissa` bits: F16 (5, 10), BF16 (8, 7). */
static double small_float(uint32_t bits, int exponent, int mantissa) {
  const uint32_t fraction = bits & ((1u << mantissa) - 1);
  const int scale = (int)(bits >> mantissa) & ((1 << exponent) - 1),
            bias = (1 << (exponent - 1)) - 1;
  const double sign = bits >> (exponent + mantissa) ? -1 : 1;
  if (scale == (1 << exponent) - 1) return fraction ? (double)NAN : sign * HUGE_VAL;
  if (scale == 0) return sign * ldexp(fraction, 1 - bias - mantissa);
  return sign * ldexp(fraction + (1u << mantissa), scale - bias - mantissa);
}

/* Copies the bytes, because they may not be aligned. */
static void print_value(uint32_t dtype, const unsigned char* at, FILE* out) {
  union {
    float f32;
    double f64;
    int8_t i8;
    uint8_t u8;
    int16_t i16;
    uint16_t u16;
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
  } value;
  memcpy(&value, at, st_dtype_bits(dtype) / 8);
  switch (dtype) {
    case ST_DTYPE_F64:
      fprintf(out, "%.5g", value.f64);
      break;
    case ST_DTYPE_F32:
      fprintf(out, "%.5g", (double)value.f32);
      break;
    case ST_DTYPE_F16:
      fprintf(out, "%.4g", small_float(value.u16, 5, 10));
      break;
    case ST_DTYPE_BF16:
      fprintf(out, "%.3g", small_float(value.u16, 8, 7));
      break;
    case ST_DTYPE_I64:
      fprintf(out, "%" PRId64, value.i64);
      break;
    case ST_DTYPE_I32:
      fprintf(out, "%" PRId32, value.i32);
      break;
    case ST_DTYPE_I16:
      fprintf(out, "%" PRId16, value.i16);
      break;
    case ST_DTYPE_I8:
      fprintf(out, "%" PRId8, value.i8);
      break;
    case ST_DTYPE_U64:
      fprintf(out, "%" PRIu64, value.u64);
      break;
    case ST_DTYPE_U32:
      fprintf(out, "%" PRIu32, value.u32);
      break;
    case ST_DTYPE_U16:
      fprintf(out, "%" PRIu16, value.u16);
      break;
    case ST_DTYPE_U8:
      fprintf(out, "%" PRIu8, value.u8);
      break;
    case ST_DTYPE_BOOL:
      fprintf(out, "%s", value.u8 ? "true" : "false");
      break;
    default: /* no type in C: its bits */
      for (uint32_t i = st_dtype_bits(dtype) / 8; i-- > 0;)
        fprintf(out, "%02x", at[i]);
  }
}

int print_first_values(const st_file* file, uint64_t index, FILE* out, st_error* error) {
  st_tensor* tensor = NULL;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  if (st_get_tensor_at(file, ST_ORDER_FILE, index, &tensor, error) != ST_OK) return 1;
  const int described = st_tensor_describe(tensor, &info, error) == ST_OK;
  const uint32_t step = described ? st_dtype_bits(info.dtype) / 8 : 0;
  if (step) {
    const unsigned char* data = (const unsigned char*)st_tensor_data(tensor);
    const uint64_t count = info.nbytes / step;
    const cell name = readable(info.name, info.name_len, 40);
    fprintf(out, "  %s = [", name.text);
    for (uint64_t i = 0; i < count && i < SHOWN; ++i) {
      if (i) fputs(", ", out);
      print_value(info.dtype, data + i * step, out);
    }
    fputs(count > SHOWN ? ", ...]\n" : "]\n", out);
  }
  st_tensor_unref(tensor);
  return !described;
}
