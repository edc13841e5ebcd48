/* The tensors of a safetensors file as a table for people. */
#ifndef TENSOR_TABLE_H
#define TENSOR_TABLE_H

#include <safetensors/safetensors.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Prints one line per tensor in file order (name, dtype, shape, bytes, share of the data), the
 * middle of a very long list left out, and a line with the totals. Names are shown with control
 * characters escaped and long ones cut in the middle. */
void print_tensor_table(const st_file* file, FILE* out);

/* Prints the file's metadata, one entry a line; nothing if there is none. */
void print_metadata(const st_file* file, FILE* out);

#ifdef __cplusplus
}
#endif

#endif
