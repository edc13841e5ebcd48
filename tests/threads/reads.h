/* Every call that reads an open file, at random. */
#ifndef READS_H
#define READS_H

#include <safetensors/safetensors.h>

/* The files have `tensor_count` matrices "t0", "t1", ... of U8, and the metadata entry "key". */
enum { tensor_count = 24, rows = 6, columns = 8, tensor_nbytes = rows * columns };

/* Byte `i` of a tensor. */
unsigned char tensor_byte(unsigned tensor, unsigned i);

/* Sets `name`, and returns its length. */
uint64_t tensor_name(char name[8], unsigned tensor);

/* Makes `count` calls that `seed` selects. `shared` is a tensor of the file, whose number is
 * `shared_number`. */
void read_at_random(st_file* file, st_tensor* shared, unsigned shared_number, uint32_t seed,
                    unsigned count);

#endif
