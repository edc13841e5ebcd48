#include "cli/stat/stat.h"

#include <memory>
#include <string_view>

#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/output/json.h"
#include "cli/output/numbers.h"
#include "cli/output/table.h"
#include "cli/output/text_file.h"
#include "cli/stat/histogram_text.h"
#include "cli/stat/plot.h"
#include "cli/stat/tensor_statistics.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

std::string value_text(const Statistics& statistics, double value) {
  return statistics.finite() == 0 ? "-" : number_text("%.4g", value);
}

std::vector<std::string> row_of(const TensorStatistics& one, bool has_histogram) {
  const Statistics& s = one.statistics;
  std::vector<std::string> row = {std::string(one.tensor.name),
                                  std::string(dtype_name(one.tensor.dtype)),
                                  shape_text(one.tensor.shape),
                                  value_text(s, s.min),
                                  value_text(s, s.max),
                                  value_text(s, s.mean),
                                  value_text(s, s.standard_deviation()),
                                  percentage(s.zeros, s.count),
                                  grouped(s.nan),
                                  grouped(s.infinite)};
  if (has_histogram) row.push_back(histogram_text(one.histogram));
  return row;
}

void print_table(const std::vector<TensorStatistics>& all, bool has_histogram, Output& out) {
  std::vector<Column> columns = {{"name", false, 16, 0},  {"dtype", false, 0, 5},
                                 {"shape", false, 12, 1}, {"min", true, 0, 0},
                                 {"max", true, 0, 0},     {"mean", true, 0, 4},
                                 {"std", true, 0, 6},     {"zeros", true, 0, 2},
                                 {"NaN", true, 0, 3},     {"Inf", true, 0, 3}};
  if (has_histogram) columns.push_back({"histogram", false, 0, 7});
  Table table(std::move(columns));
  for (const TensorStatistics& one : all) {
    const std::vector<std::string> row = row_of(one, has_histogram);
    for (std::size_t i = 0; i < row.size(); ++i)
      table.measure(i, readable(row[i]).width);
  }
  table.begin(out);
  for (const TensorStatistics& one : all)
    table.print_row(out, row_of(one, has_histogram));
}

void print_json(const StatOptions& options, const std::vector<TensorStatistics>& all, Output& out) {
  Json json(out);
  json.begin_object().member("path", options.path).key("tensors").begin_array();
  for (const TensorStatistics& one : all) {
    const Statistics& s = one.statistics;
    json.begin_object()
        .member("name", one.tensor.name)
        .member("dtype", dtype_name(one.tensor.dtype))
        .member("shape", one.tensor.shape)
        .member("count", s.count)
        .member("nan", s.nan)
        .member("inf", s.infinite)
        .member("zeros", s.zeros);
    const bool has_numbers = s.finite() > 0;
    const std::pair<const char*, double> values[] = {
        {"min", s.min}, {"max", s.max}, {"mean", s.mean}, {"std", s.standard_deviation()}};
    for (const auto& [key, value] : values)
      has_numbers ? json.key(key).number(value) : json.key(key).null();
    if (!options.no_histogram) json.member("histogram", Span<const std::uint64_t>(one.histogram));
    json.end_object();
  }
  json.end_array().end_object();
}

void check_plot(const StatOptions& options) {
  if (options.plot.empty()) return;
  if (options.no_histogram) throw UsageError("--plot draws histograms: without --no-histogram");
  constexpr std::string_view end = ".svg";
  if (options.plot.size() < end.size() ||
      options.plot.compare(options.plot.size() - end.size(), end.size(), end) != 0)
    throw UsageError("the name of the picture ends with .svg, found " + quote(options.plot));
  check_text_target(options.plot, options.force, Links::Keep);
}

}  // namespace

Command stat_command() {
  const auto options = std::make_shared<StatOptions>();
  Command command;
  command.name = "stat";
  command.summary = "statistics of the values: range, mean, deviation, NaN, zeros, histogram";
  command.details = {
      "The range, the mean and the standard deviation (of the population) are those of the finite "
      "values, in double precision; the same for any number of threads. The parts of a complex "
      "number are two values; integers beyond 2^53 are rounded.",
      "The histogram has intervals of equal width from the smallest to the largest value."};
  command.model(&options->path);
  add_selection(command, &options->selection);
  command.flag("--no-histogram", &options->no_histogram, "read the data once, not twice");
  command
      .option("-p,--plot", "FILE.svg", &options->plot,
              "also draw the distributions of the tensors in a picture")
      .completion = Completion::File;
  command.flag("-f,--force", &options->force, "replace the picture if it exists");
  command.examples = {{"stat model/ '*.weight'", "a table"},
                      {"stat model.safetensors --plot model.svg", "a picture of all tensors"},
                      {"stat model/ --json", "for programs"}};
  command.run = [options](Output& out) { return run_stat(*options, out); };
  return command;
}

int run_stat(const StatOptions& options, Output& out) {
  check_plot(options);
  const File file = open_model(options.path);
  const std::vector<TensorStatistics> all =
      compute_statistics(file, select_tensors(file, options.selection), !options.no_histogram);
  if (!options.plot.empty()) replace_text_file(options.plot, plot_svg(options.path, all), false);
  if (out.json) {
    print_json(options, all, out);
    return exit_success;
  }
  print_table(all, !options.no_histogram, out);
  if (!options.plot.empty()) out.print_line("wrote " + readable(options.plot).text);
  return exit_success;
}

}  // namespace safetensors::cli
