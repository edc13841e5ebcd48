/* Prints the tensors of a file as a table. */
#ifndef TENSOR_TABLE_H
#define TENSOR_TABLE_H

#include <safetensors/safetensors.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Prints one line per tensor in file order (name, dtype, shape, bytes, share of the data), without
 * the middle of a very long list, and a line with the totals. Control characters in names are
 * escaped, long names are cut in the middle. */
void print_tensor_table(const st_file* file, FILE* out);

/* Prints the metadata of the file, one entry per line. */
void print_metadata(const st_file* file, FILE* out);

#ifdef __cplusplus
}
#endif

#endif
