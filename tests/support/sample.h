/* A small valid file with several dtypes, ranks, names and metadata entries. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <safetensors/safetensors.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One tensor of the sample, in file order. */
struct sample_tensor {
  const char* name;
  size_t name_len;
  uint32_t dtype;
  uint64_t rank;
  const uint64_t* shape;
  uint64_t begin; /* in the data */
  uint64_t nbytes;
};

enum { sample_count = 6, sample_metadata_count = 3 };
extern const struct sample_tensor sample_tensors[sample_count];

/* Positions in sample_tensors, by name. */
extern const unsigned sample_name_order[sample_count];

/* The bytes of the file. The caller must not change them. */
const unsigned char* sample_bytes(void);
uint64_t sample_size(void);
uint64_t sample_data_offset(void);

/* Writes the file. */
void sample_write(const char* path);

/* The bytes of a file with this header and `data_size` bytes of data; *size receives its size. The
 * caller frees them. */
unsigned char* file_bytes(const char* header, uint64_t data_size, uint64_t* size);

/* Opens the sample, or another file, and ends the program if that fails. `backend` is an
 * ST_BACKEND_. */
st_file* open_or_stop(const char* path, uint32_t backend);

#ifdef __cplusplus
}
#endif

#endif
