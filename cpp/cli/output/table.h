// Table: columns that are as wide as their cells, and together at most as wide as the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/output/output.h"
#include "cli/output/text.h"

namespace safetensors::cli {

struct Column {
  std::string title;
  bool right = false;      // aligned to the right
  std::size_t narrow = 0;  // on a narrow terminal, cells are cut to this width; 0: never
  int drop = 0;            // on a still narrower one, columns with a number are left out: 1 first
};

// Cells are added twice: first measured, then printed, so that a long table needs no memory.
class Table {
 public:
  explicit Table(std::vector<Column> columns);

  void measure(std::size_t column, std::size_t width);
  void measure(const std::vector<Cell>& row);

  // Computes the widths, and prints the titles and a line.
  void begin(Output& out);
  // The texts are made readable and cut to the widths.
  void print_row(Output& out, const std::vector<std::string>& texts);
  void print_rule(Output& out) const;

 private:
  std::size_t total_width() const;
  void fit(std::size_t width);

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;
  std::vector<bool> is_shown_;
};

}  // namespace safetensors::cli
