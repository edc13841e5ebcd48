/* Prints the first values of a tensor. */
#ifndef TENSOR_VALUES_H
#define TENSOR_VALUES_H

#include <safetensors/safetensors.h>
#include <stdio.h>

/* Prints "name = [1, 2, 3, 4, 5, ...]" for the tensor at `index` in file order. Values of
 * dtypes without a C type are printed as bits; values of F4 and F6, which do not occupy whole
 * bytes, are not printed. Returns 0, or 1 and sets the error. */
int print_first_values(const st_file* file, uint64_t index, FILE* out, st_error* error);

#endif
