/* A tensor's first values as people write them. */
#ifndef TENSOR_VALUES_H
#define TENSOR_VALUES_H

#include <safetensors/safetensors.h>
#include <stdio.h>

/* Prints "name = [1, 2, 3, 4, 5, ...]" for the tensor at `index` in file order. Dtypes that C has
 * no type for are printed as bits; F4 and F6, whose elements are no whole bytes, not at all.
 * Returns 0, or 1 with the error. */
int print_first_values(const st_file* file, uint64_t index, FILE* out, st_error* error);

#endif
