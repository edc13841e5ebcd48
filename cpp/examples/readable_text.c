#include "readable_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void append(cell* to, const char* bytes, size_t length, int width) {
  if (to->length + length >= sizeof to->text) return;
  memcpy(to->text + to->length, bytes, length);
  to->length += length;
  to->text[to->length] = '\0';
  to->width += width;
}

/* Bytes of the UTF-8 character that begins with `byte`. */
static size_t character_length(unsigned char byte) {
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/* Whether the character is a control character: C0, DEL or C1. */
static int is_control(const unsigned char* at) {
  return *at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

static int shown_width(const unsigned char* at) {
  return is_control(at) ? 4 : 1;
}

cell readable(const char* text, uint64_t length, int limit) {
  const unsigned char *const begin = (const unsigned char*)text, *const end = begin + length;
  uint64_t total = 0;
  for (const unsigned char* at = begin; at < end; at += character_length(*at))
    total += (uint64_t)shown_width(at);

  cell result = {{0}, 0, 0};
  const uint64_t cut = total > (uint64_t)limit ? total - (uint64_t)limit + 3 : 0;
  const uint64_t cut_begin = (uint64_t)(limit - 3) / 2;
  uint64_t column = 0;
  int cut_shown = 0;
  for (const unsigned char* at = begin; at < end; at += character_length(*at)) {
    const uint64_t here = column;
    column += (uint64_t)shown_width(at);
    if (cut && column > cut_begin && here < cut_begin + cut) {
      if (!cut_shown) append(&result, "...", 3, 3);
      cut_shown = 1;
    } else if (is_control(at)) {
      char escaped[8];
      snprintf(escaped, sizeof escaped, "\\x%02x", *at == 0xc2 ? at[1] : *at);
      append(&result, escaped, 4, 4);
    } else {
      append(&result, (const char*)at, character_length(*at), 1);
    }
  }
  return result;
}

const char* human_bytes(uint64_t nbytes, char text[16]) {
  static const char* const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  double value = (double)nbytes;
  int unit = 0;
  /* 999.95 and more would be rounded to 1000.0. */
  for (; value >= 999.95 && unit < 6; ++unit)
    value /= 1000;
  snprintf(text, 16, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return text;
}

const char* grouped(uint64_t number, char text[32]) {
  char digits[24];
  const int count = snprintf(digits, sizeof digits, "%" PRIu64, number);
  char* to = text;
  for (int i = 0; i < count; ++i) {
    if (i && (count - i) % 3 == 0) *to++ = ',';
    *to++ = digits[i];
  }
  *to = '\0';
  return text;
}
