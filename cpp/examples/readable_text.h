/* Text and numbers from a file, made fit for a terminal. */
#ifndef READABLE_TEXT_H
#define READABLE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CELL_SIZE = 512, CELL_WIDTH = 64 };

/* A piece of one line: UTF-8, and how many columns a terminal gives it. */
typedef struct {
  char text[CELL_SIZE];
  size_t length;
  int width;
} cell;

/* Adds `length` bytes that take `width` columns; nothing if there is no room. */
void append(cell* to, const char* bytes, size_t length, int width);

/* UTF-8 that may hold anything in at most `limit` <= CELL_WIDTH columns: control characters are
 * escaped, and where it is too long the middle gives way to "...". */
cell readable(const char* text, uint64_t length, int limit);

/* A number of bytes as people say it, "90.9 MB", written into `text` and returned. */
const char* human_bytes(uint64_t nbytes, char text[16]);

/* A number with its thousands apart, "22,713,728", written into `text` and returned. */
const char* grouped(uint64_t number, char text[32]);

#ifdef __cplusplus
}
#endif

#endif
