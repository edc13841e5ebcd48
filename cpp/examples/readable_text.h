/* Formats names and numbers for a terminal. */
#ifndef READABLE_TEXT_H
#define READABLE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CELL_SIZE = 512, CELL_WIDTH = 64 };

/* UTF-8 text and its width in columns. */
typedef struct {
  char text[CELL_SIZE];
  size_t length;
  int width;
} cell;

/* Appends `length` bytes of `width` columns, if they fit. */
void append(cell* to, const char* bytes, size_t length, int width);

/* Formats any UTF-8 text in at most `limit` <= CELL_WIDTH columns: escapes control characters, and
 * replaces the middle of a long text with "...". */
cell readable(const char* text, uint64_t length, int limit);

/* Formats a number of bytes, "90.9 MB", into `text` and returns it. */
const char* human_bytes(uint64_t nbytes, char text[16]);

/* Formats a number with thousands separators, "22,713,728", into `text` and returns it. */
const char* grouped(uint64_t number, char text[32]);

#ifdef __cplusplus
}
#endif

#endif
