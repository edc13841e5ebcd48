/* st_read_slice, compared with an element-by-element implementation of its definition. */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sample.h"

enum { max_rank = 6 };

static st_error error = ST_ERROR_INIT;
static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state % limit;
}

struct source {
  const unsigned char* bytes;
  uint64_t size, read;
};

static int32_t read_counted(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  struct source* source = user_data;
  if (offset > source->size || nbytes > source->size - offset) return 5;
  memcpy(buffer, source->bytes + offset, nbytes);
  source->read += nbytes;
  return 0;
}

static st_file* open_counted(struct source* source) {
  st_io io;
  st_file* file = NULL;
  memset(&io, 0, sizeof io);
  io.size = sizeof io;
  io.nbytes = source->size;
  io.user_data = source;
  io.read_at = read_counted;
  CHECK_STATUS(st_open_io(&io, NULL, &file, &error), ST_OK);
  return file;
}

/* A file with one tensor named t. */
static struct source make_file(const char* dtype, const uint64_t* shape, uint64_t rank,
                               uint64_t nbytes) {
  char header[500];
  struct source source = {NULL, 0, 0};
  uint64_t d;
  snprintf(header, sizeof header, "{\"t\":{\"dtype\":\"%s\",\"shape\":[", dtype);
  for (d = 0; d < rank; ++d) {
    snprintf(header + strlen(header), 30, "%s%llu", d ? "," : "", (unsigned long long)shape[d]);
  }
  snprintf(header + strlen(header), 60, "],\"data_offsets\":[0,%llu]}}",
           (unsigned long long)nbytes);
  source.bytes = file_bytes(header, nbytes, &source.size);
  return source;
}

/* Copies `count` bits, the least significant bit of a byte first. */
static void copy_bits(unsigned char* to, uint64_t to_bit, const unsigned char* from,
                      uint64_t from_bit, uint64_t count) {
  uint64_t i;
  for (i = 0; i < count; ++i) {
    const unsigned bit = from[(from_bit + i) / 8] >> ((from_bit + i) % 8) & 1u;
    unsigned char* place = &to[(to_bit + i) / 8];
    *place = (unsigned char)((*place & ~(1u << ((to_bit + i) % 8))) | bit << ((to_bit + i) % 8));
  }
}

/* Copies a slice element by element; returns its size in bits. */
static uint64_t copy_slice(unsigned char* out, const unsigned char* data, uint64_t bits,
                           const uint64_t* shape, const uint64_t* starts, const uint64_t* stops,
                           uint64_t rank) {
  uint64_t index[max_rank], elements = 1, n, d;
  for (d = 0; d < rank; ++d) {
    index[d] = starts[d];
    elements *= stops[d] - starts[d];
  }
  for (n = 0; n < elements; ++n) {
    uint64_t at = 0;
    for (d = 0; d < rank; ++d)
      at = at * shape[d] + index[d];
    copy_bits(out, n * bits, data, at * bits, bits);
    for (d = rank; d-- > 0;) {
      if (++index[d] < stops[d]) break;
      index[d] = starts[d];
    }
  }
  return elements * bits;
}

/* 1 if st_read_slice reads the right bytes, 2 if it correctly fails with ST_E_SUBBYTE, else 0. */
static int check_slice(st_file* file, const unsigned char* data, uint64_t bits,
                       const uint64_t* shape, const uint64_t* starts, const uint64_t* stops,
                       uint64_t rank, uint64_t nbytes) {
  unsigned char *expected = calloc(1, nbytes + 1), *found = malloc(nbytes + 1);
  const uint64_t wanted = copy_slice(expected, data, bits, shape, starts, stops, rank);
  uint64_t size = 12345, same_size = 12345;
  const st_status status = st_read_slice(file, "t", 1, starts, stops, rank, NULL, 0, &size, &error);
  int right;
  memset(found, 0xEE, nbytes + 1);
  if (status == ST_E_SUBBYTE) {
    right = bits < 8 && size == 0;
  } else {
    right = status == ST_OK && size * 8 == wanted &&
            st_read_slice(file, "t", 1, starts, stops, rank, found, size, &same_size, &error) ==
                ST_OK &&
            same_size == size && memcmp(found, expected, size) == 0 && found[size] == 0xEE;
    if (right && size > 0) {
      right = st_read_slice(file, "t", 1, starts, stops, rank, found, size - 1, &same_size,
                            &error) == ST_E_BUFFER_TOO_SMALL &&
              same_size == 0;
    }
  }
  free(expected);
  free(found);
  return right ? (status == ST_OK ? 1 : 2) : 0;
}

static void check_random(const char* dtype, uint64_t bits) {
  unsigned round, wrong = 0, done = 0, rejected = 0;
  for (round = 0; round < 150; ++round) {
    uint64_t shape[max_rank], starts[max_rank], stops[max_rank];
    const uint64_t rank = random_below(max_rank);
    uint64_t elements = 1, d;
    struct source source;
    st_file* file;
    unsigned i;
    for (d = 0; d < rank; ++d) {
      shape[d] = random_below(12) == 0 ? 0 : 1 + random_below(6);
      if (bits < 8 && d + 1 == rank) shape[d] *= 4;
      elements *= shape[d];
    }
    if (elements * bits % 8 != 0) continue;
    source = make_file(dtype, shape, rank, elements * bits / 8);
    file = open_counted(&source);
    for (i = 0; i < 12; ++i) {
      int result;
      for (d = 0; d < rank; ++d) {
        starts[d] = random_below(3) ? random_below(shape[d] + 1) : 0;
        stops[d] = random_below(3) ? starts[d] + random_below(shape[d] - starts[d] + 1) : shape[d];
        if (bits < 8 && d + 1 == rank && random_below(4)) {
          starts[d] -= starts[d] % 4;
          stops[d] -= stops[d] % 4;
          if (stops[d] < starts[d]) stops[d] = starts[d];
        }
      }
      result = check_slice(file, source.bytes + st_file_data_offset(file), bits, shape, starts,
                           stops, rank, elements * bits / 8);
      wrong += result == 0 ? 1 : 0;
      rejected += result == 2 ? 1 : 0;
      ++done;
    }
    st_close(file);
    free((void*)(uintptr_t)source.bytes);
  }
  check_about("%s: %u slices, %u rejected", dtype, done, rejected);
  CHECK(wrong == 0);
  CHECK(done - rejected > 100);
  CHECK(bits >= 8 ? rejected == 0 : rejected > 0);
  check_about(NULL);
}

static void check_arguments(void) {
  const uint64_t shape[] = {4, 5};
  struct source source = make_file("U8", shape, 2, 20);
  st_file* file = open_counted(&source);
  unsigned char buffer[20];
  static const struct {
    uint64_t starts[3], stops[3], rank;
    st_status status;
  } cases[] = {
      {{0, 0, 0}, {4, 5, 0}, 2, ST_OK},
      {{4, 5, 0}, {4, 5, 0}, 2, ST_OK},
      {{0, 0, 0}, {0, 5, 0}, 2, ST_OK},
      {{0, 0, 0}, {5, 5, 0}, 2, ST_E_OUT_OF_RANGE},
      {{0, 0, 0}, {4, 6, 0}, 2, ST_E_OUT_OF_RANGE},
      {{3, 0, 0}, {2, 5, 0}, 2, ST_E_OUT_OF_RANGE},
      {{5, 0, 0}, {5, 5, 0}, 2, ST_E_OUT_OF_RANGE},
      {{0, 6, 0}, {0, 6, 0}, 2, ST_E_OUT_OF_RANGE},
      {{0, 0, 0}, {UINT64_MAX, 5, 0}, 2, ST_E_OUT_OF_RANGE},
      {{UINT64_MAX, 0, 0}, {UINT64_MAX, 5, 0}, 2, ST_E_OUT_OF_RANGE},
      {{0, 0, 0}, {4, 5, 1}, 3, ST_E_INVALID_ARGUMENT},
      {{0, 0, 0}, {4, 5, 0}, 1, ST_E_INVALID_ARGUMENT},
      {{0, 0, 0}, {4, 5, 0}, 0, ST_E_INVALID_ARGUMENT},
      {{0, 0, 0}, {4, 5, 0}, UINT64_MAX, ST_E_INVALID_ARGUMENT},
  };
  size_t i;
  for (i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    uint64_t nbytes = 77;
    const st_status status = st_read_slice(file, "t", 1, cases[i].starts, cases[i].stops,
                                           cases[i].rank, buffer, sizeof buffer, &nbytes, &error);
    check_about("case %u", (unsigned)i);
    CHECK_STATUS(status, cases[i].status);
    if (status != ST_OK) CHECK(nbytes == 0 && error.message[0]);
  }
  check_about(NULL);
  CHECK_STATUS(st_read_slice(file, "t", 1, NULL, cases[0].stops, 2, buffer, 20, NULL, &error),
               ST_E_INVALID_ARGUMENT);
  CHECK_STATUS(st_read_slice(file, "t", 1, cases[0].starts, NULL, 2, buffer, 20, NULL, &error),
               ST_E_INVALID_ARGUMENT);
  CHECK_STATUS(
      st_read_slice(file, "t", 1, cases[0].starts, cases[0].stops, 2, NULL, 20, NULL, &error),
      ST_E_INVALID_ARGUMENT);
  CHECK_STATUS(
      st_read_slice(file, "t", 1, cases[0].starts, cases[0].stops, 2, buffer, 20, NULL, &error),
      ST_OK);
  CHECK_STATUS(
      st_read_slice(file, "x", 1, cases[0].starts, cases[0].stops, 2, buffer, 20, NULL, &error),
      ST_E_TENSOR_NOT_FOUND);
  st_close(file);
  free((void*)(uintptr_t)source.bytes);
}

static void check_scalar(void) {
  struct source source = make_file("F64", NULL, 0, 8);
  st_file* file = open_counted(&source);
  unsigned char buffer[8];
  uint64_t nbytes = 0;
  CHECK_STATUS(st_read_slice(file, "t", 1, NULL, NULL, 0, buffer, 8, &nbytes, &error), ST_OK);
  CHECK(nbytes == 8 && memcmp(buffer, source.bytes + st_file_data_offset(file), 8) == 0);
  st_close(file);
  free((void*)(uintptr_t)source.bytes);
}

/* 600 rows of 40,000 bytes: long gaps between the columns of a slice are not read. */
static void check_bytes_read(void) {
  const uint64_t shape[] = {600, 10000}, nbytes = 600 * 40000;
  struct source source = make_file("F32", shape, 2, nbytes);
  st_file* file = open_counted(&source);
  static const struct {
    uint64_t starts[2], stops[2], max_read;
  } cases[] = {
      {{0, 0}, {600, 10000}, 600 * 40000}, /* the whole tensor, once */
      {{10, 0}, {20, 10000}, 10 * 40000},  /* contiguous rows */
      {{0, 100}, {600, 228}, 600 * 512},   /* 512 bytes in every 40,000 */
      {{5, 9000}, {6, 9001}, 4},           /* one element */
      {{0, 0}, {600, 9000}, 600 * 40000},  /* short gaps may be read too */
      {{599, 9999}, {600, 10000}, 4},      /* the last element */
  };
  size_t i;
  for (i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    source.read = 0;
    check_about("case %u", (unsigned)i);
    CHECK(check_slice(file, source.bytes + st_file_data_offset(file), 32, shape, cases[i].starts,
                      cases[i].stops, 2, nbytes) == 1);
    CHECK(source.read <= cases[i].max_read);
  }
  check_about(NULL);
  st_close(file);
  free((void*)(uintptr_t)source.bytes);
}

int main(void) {
  check_random("U8", 8);
  check_random("BF16", 16);
  check_random("F32", 32);
  check_random("C64", 64);
  check_random("F4", 4);
  check_random("F6_E2M3", 6);
  check_arguments();
  check_scalar();
  check_bytes_read();
  return check_result();
}
