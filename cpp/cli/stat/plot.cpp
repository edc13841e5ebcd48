#include "cli/stat/plot.h"

#include <algorithm>
#include <cstdio>

#include "cli/output/numbers.h"
#include "cli/output/text.h"

namespace safetensors::cli {

namespace {

// Lengths in pixels.
constexpr int row_height = 24, bar_height = 20, top = 48;
constexpr int name_x = 12, min_x = 470, plot_x = 480, plot_width = 320, max_x = 810, mean_x = 900;
constexpr int width = 1160;
constexpr std::size_t name_columns = 60;

std::string xml_text(std::string_view text, std::size_t columns) {
  std::string result;
  for (const char c : fitted(text, columns).text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else
      result += c;
  }
  return result;
}

constexpr const char* number_format = "%.4g";

void add_text(std::string& svg, int x, int y, const char* anchor, const std::string& text) {
  char tag[96];
  std::snprintf(tag, sizeof tag, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">", x, y, anchor);
  svg += tag + text + "</text>\n";
}

void add_line(std::string& svg, double x, int y, const char* color) {
  char tag[128];
  std::snprintf(tag, sizeof tag,
                "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"%s\"/>\n", x, y, x,
                y + bar_height, color);
  svg += tag;
}

void add_bars(std::string& svg, const HistogramCounts& counts, int y) {
  const auto largest = static_cast<double>(*std::max_element(counts.begin(), counts.end()));
  constexpr double bar_width = double{plot_width} / histogram_size;
  svg += "<path d=\"";
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const double height = std::max(0.5, static_cast<double>(counts[i]) / largest * bar_height);
    char path[96];
    std::snprintf(path, sizeof path, "M%.1f %dv-%.2fh%.1fv%.2fz",
                  plot_x + static_cast<double>(i) * bar_width, y + bar_height, height, bar_width,
                  height);
    svg += path;
  }
  svg += "\" fill=\"#4c72b0\"/>\n";
}

// Where a value is between the smallest and the largest one.
double place(const Statistics& statistics, double value) {
  const double range = statistics.max / 2 - statistics.min / 2;
  const double share = range > 0 ? (value / 2 - statistics.min / 2) / range : 0.5;
  return plot_x + share * plot_width;
}

void add_row(std::string& svg, const TensorStatistics& one, int y) {
  const Statistics& statistics = one.statistics;
  const int text_y = y + bar_height - 5;
  add_text(svg, name_x, text_y, "start", xml_text(one.tensor.name, name_columns));
  if (statistics.finite() == 0) {
    add_text(svg, plot_x, text_y, "start", "no finite values");
    return;
  }
  add_text(svg, min_x, text_y, "end", number_text(number_format, statistics.min));
  add_text(svg, max_x, text_y, "start", number_text(number_format, statistics.max));
  std::string mean = number_text(number_format, statistics.mean) + " ± " +
                     number_text(number_format, statistics.standard_deviation());
  if (statistics.nan > 0) mean += ", " + std::to_string(statistics.nan) + " NaN";
  if (statistics.infinite > 0) mean += ", " + std::to_string(statistics.infinite) + " Inf";
  add_text(svg, mean_x, text_y, "start", mean);
  add_bars(svg, one.histogram, y);
  if (statistics.min <= 0 && statistics.max >= 0) add_line(svg, place(statistics, 0), y, "#999999");
  add_line(svg, place(statistics, statistics.mean), y, "#c44e52");
}

}  // namespace

std::string plot_svg(const std::string& title, const std::vector<TensorStatistics>& all) {
  const int height = top + static_cast<int>(all.size()) * row_height + 12;
  const std::string size = std::to_string(width) + "\" height=\"" + std::to_string(height);
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + size +
                    "\" font-family=\"sans-serif\" font-size=\"11\">\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  add_text(svg, name_x, 20, "start", xml_text(title, 2 * name_columns));
  add_text(svg, min_x, 40, "end", "min");
  add_text(svg, max_x, 40, "start", "max");
  add_text(svg, mean_x, 40, "start", "mean ± standard deviation");
  for (std::size_t i = 0; i < all.size(); ++i)
    add_row(svg, all[i], top + static_cast<int>(i) * row_height);
  return svg + "</svg>\n";
}

}  // namespace safetensors::cli
