#include "cli/output/table.h"

#include <algorithm>
#include <utility>

namespace safetensors::cli {

namespace {
constexpr std::size_t gap = 2;
}  // namespace

Table::Table(std::vector<Column> columns)
    : columns_(std::move(columns)), is_shown_(columns_.size(), true) {
  for (const Column& column : columns_)
    widths_.push_back(column.title.size());
}

void Table::measure(std::size_t column, std::size_t width) {
  widths_[column] = std::max(widths_[column], width);
}

void Table::measure(const std::vector<Cell>& row) {
  for (std::size_t i = 0; i < row.size(); ++i)
    measure(i, row[i].width);
}

std::size_t Table::total_width() const {
  std::size_t total = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (is_shown_[i]) total += widths_[i] + (total > 0 ? gap : 0);
  return total;
}

void Table::fit(std::size_t width) {
  const std::vector<std::size_t> whole = widths_;
  int last_drop = 0;
  for (const Column& column : columns_)
    last_drop = std::max(last_drop, column.drop);
  for (int drop = 0; drop <= last_drop; ++drop) {
    widths_ = whole;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      is_shown_[i] = columns_[i].drop == 0 || columns_[i].drop > drop;
    for (std::size_t i = 0; i < columns_.size() && total_width() > width; ++i) {
      const std::size_t narrow = std::max(columns_[i].narrow, columns_[i].title.size());
      if (!is_shown_[i] || columns_[i].narrow == 0 || widths_[i] <= narrow) continue;
      widths_[i] -= std::min(widths_[i] - narrow, total_width() - width);
    }
    if (total_width() <= width) return;
  }
}

void Table::begin(Output& out) {
  fit(out.width());
  std::string line;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!is_shown_[i]) continue;
    if (!line.empty()) line.append(gap, ' ');
    line += padded(readable(columns_[i].title), widths_[i], columns_[i].right);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out.print_line(out.painted(Style::Bold, line));
  print_rule(out);
}

void Table::print_row(Output& out, const std::vector<std::string>& texts) {
  std::string line;
  bool is_first = true;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!is_shown_[i]) continue;
    if (!is_first) line.append(gap, ' ');
    is_first = false;
    line += padded(fitted(texts[i], widths_[i]), widths_[i], columns_[i].right);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out.print_line(line);
}

void Table::print_rule(Output& out) const {
  out.print_line(out.painted(Style::Dim, std::string(total_width(), '-')));
}

}  // namespace safetensors::cli
