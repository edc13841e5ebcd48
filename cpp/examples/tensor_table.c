#include "tensor_table.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>

#include "readable_text.h"

enum {
  ROWS_FIRST = 150, /* of more than ROWS_FIRST + ROWS_LAST rows, these are printed */
  ROWS_LAST = 10,
  NAME_WIDTH = 56, /* largest width of the columns, in characters */
  SHAPE_WIDTH = 28,
  BAR_WIDTH = 20,
  DTYPES = ST_DTYPE_U64 + 1
};

typedef struct {
  int name, dtype, shape;
} widths;

typedef struct {
  uint64_t tensors, elements, nbytes;
  uint64_t of_dtype[DTYPES]; /* tensors */
} totals;

static cell shape_cell(const st_tensor_info* info) {
  cell result = {{0}, 0, 0};
  char extent[24];
  if (info->rank == 0) append(&result, "scalar", 6, 6);
  for (uint64_t d = 0; d < info->rank; ++d) {
    const int length =
        snprintf(extent, sizeof extent, "%s%" PRIu64, d ? " x " : "", info->shape[d]);
    if (result.width + length > SHAPE_WIDTH - 4 && d + 1 < info->rank) {
      append(&result, " ...", 4, 4);
      break;
    }
    append(&result, extent, (size_t)length, length);
  }
  return result;
}

/* Pads to columns; the field width of printf counts bytes. */
static void print_left(const cell* c, int width, FILE* out) {
  fprintf(out, "%s%*s", c->text, width > c->width ? width - c->width : 0, "");
}

static int wider(int a, int b) {
  return a > b ? a : b;
}

/* Whether a row of `count` is printed: the first and the last rows are. */
static int is_shown(uint64_t index, uint64_t count) {
  return count <= ROWS_FIRST + ROWS_LAST || index < ROWS_FIRST || index >= count - ROWS_LAST;
}

static void print_row(const st_tensor_info* info, const widths* columns, uint64_t total,
                      FILE* out) {
  const char* const block = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "\xe2\x96\x88" : "#";
  const cell name = readable(info->name, info->name_len, NAME_WIDTH), shape = shape_cell(info);
  const double share = total ? (double)info->nbytes / (double)total : 0;
  char size[16];
  print_left(&name, columns->name, out);
  fprintf(out, "  %-*s  ", columns->dtype, st_dtype_name(info->dtype));
  print_left(&shape, columns->shape, out);
  fprintf(out, "  %9s  ", human_bytes(info->nbytes, size));
  fprintf(out, info->nbytes && share < 0.0005 ? " <0.1 %%" : "%5.1f %%", 100 * share);
  for (int i = 0; i < (int)(share * BAR_WIDTH + 0.5); ++i)
    fprintf(out, "%s%s", i ? "" : "  ", block);
  fputc('\n', out);
}

static void print_rule(const widths* columns, FILE* out) {
  const int width = columns->name + columns->dtype + columns->shape + 24;
  for (int i = 0; i < width; ++i)
    fputc('-', out);
  fputc('\n', out);
}

static void count_in(totals* all, const st_tensor_info* info) {
  uint64_t elements = 1;
  for (uint64_t d = 0; d < info->rank; ++d)
    elements *= info->shape[d];
  all->tensors += 1;
  all->elements += elements;
  all->nbytes += info->nbytes;
  if (info->dtype < DTYPES) all->of_dtype[info->dtype] += 1;
}

static void print_totals(const totals* all, uint64_t header, FILE* out) {
  char number[32], size[16];
  const char* before = ": ";
  fprintf(out, "%s tensor%s", grouped(all->tensors, number), all->tensors == 1 ? "" : "s");
  for (uint32_t dtype = DTYPES; dtype-- > 0;) {
    if (!all->of_dtype[dtype]) continue;
    fprintf(out, "%s%s %s", before, grouped(all->of_dtype[dtype], number), st_dtype_name(dtype));
    before = ", ";
  }
  fprintf(out, "; %s element%s", grouped(all->elements, number), all->elements == 1 ? "" : "s");
  fprintf(out, "; %s of data", human_bytes(all->nbytes, size));
  fprintf(out, ", %s of header\n", human_bytes(header, size));
}

void print_tensor_table(const st_file* file, FILE* out) {
  const uint64_t count = st_file_tensor_count(file);
  widths columns = {12, 5, 5};
  totals all = {0, 0, 0, {0}};
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  setlocale(LC_CTYPE, "");

  for (uint64_t i = 0; i < count; ++i) {
    if (st_file_tensor_at(file, ST_ORDER_FILE, i, &info, NULL) != ST_OK) return;
    count_in(&all, &info);
    if (!is_shown(i, count)) continue;
    columns.name = wider(columns.name, readable(info.name, info.name_len, NAME_WIDTH).width);
    columns.dtype = wider(columns.dtype, (int)strlen(st_dtype_name(info.dtype)));
    columns.shape = wider(columns.shape, shape_cell(&info).width);
  }

  fprintf(out, "%-*s  %-*s  %-*s  %9s  %7s\n", columns.name, "name", columns.dtype, "dtype",
          columns.shape, "shape", "bytes", "share");
  print_rule(&columns, out);
  for (uint64_t i = 0; i < count; ++i) {
    if (is_shown(i, count)) {
      if (st_file_tensor_at(file, ST_ORDER_FILE, i, &info, NULL) != ST_OK) return;
      print_row(&info, &columns, all.nbytes, out);
    } else if (i == ROWS_FIRST) {
      fprintf(out, "... %" PRIu64 " more ...\n", count - ROWS_FIRST - ROWS_LAST);
    }
  }
  print_rule(&columns, out);
  print_totals(&all, st_file_data_offset(file), out);
}

void print_metadata(const st_file* file, FILE* out) {
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  for (uint64_t i = 0; i < st_file_metadata_count(file); ++i) {
    if (st_file_metadata_at(file, i, &entry, NULL) != ST_OK) return;
    const cell key = readable(entry.key, entry.key_len, 40);
    const cell value = readable(entry.value, entry.value_len, NAME_WIDTH);
    fprintf(out, "%s%s = %s\n", i ? "          " : "metadata: ", key.text, value.text);
  }
}
