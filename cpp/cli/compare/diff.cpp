#include "cli/compare/diff.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>

#include "cli/compare/diff_text.h"
#include "cli/compare/model_diff.h"
#include "cli/exit_code.h"
#include "cli/output/json.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

// A tolerance; 0 if it is not given.
double parse_tolerance(const char* option, const std::string& text) {
  if (text.empty()) return 0;
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last || !(value >= 0) || std::isinf(value))
    throw UsageError(std::string(option) + " expects a number that is not negative, found " +
                     quote(text));
  return value;
}

void print_json_type(const char* suffix, const TensorInfo& tensor, Json& json) {
  json.member(std::string("dtype_") + suffix, dtype_name(tensor.dtype));
  json.member(std::string("shape_") + suffix, tensor.shape);
}

void print_json_tensors(const char* key, const std::vector<TensorInfo>& tensors, Json& json) {
  json.key(key).begin_array();
  for (const TensorInfo& tensor : tensors)
    json.begin_object()
        .member("name", tensor.name)
        .member("dtype", dtype_name(tensor.dtype))
        .member("shape", tensor.shape)
        .member("bytes", tensor.nbytes)
        .end_object();
  json.end_array();
}

void print_json_pair(const TensorPair& pair, Json& json) {
  json.begin_object().member("name", pair.a.name).member("same", pair.is_same());
  print_json_type("a", pair.a, json);
  print_json_type("b", pair.b, json);
  json.member("same_bytes", pair.is_identical());
  if (pair.has_same_type && !pair.has_same_bytes) json.member("first_byte", pair.first_byte);
  if (pair.has_values) {
    json.key("max_abs").number(pair.values.max_abs);
    json.key("rms").number(pair.values.rms());
    json.key("cosine").number(pair.values.cosine());
    json.member("differing", pair.values.differing).member("values", pair.values.count);
  }
  json.end_object();
}

void print_json(const DiffOptions& options, const ModelDiff& diff, Output& out) {
  Json json(out);
  json.begin_object()
      .member("a", options.a)
      .member("b", options.b)
      .member("same", diff.is_same())
      .key("metadata")
      .begin_object();
  json.key("only_a").begin_object();
  for (const auto& [key, value] : diff.metadata_a)
    json.member(key, value);
  json.end_object().key("only_b").begin_object();
  for (const auto& [key, value] : diff.metadata_b)
    json.member(key, value);
  json.end_object().key("changed").begin_object();
  for (const MetadataChange& change : diff.metadata_changed)
    json.key(change.key).begin_array().string(change.a).string(change.b).end_array();
  json.end_object().end_object();
  print_json_tensors("only_a", diff.only_a, json);
  print_json_tensors("only_b", diff.only_b, json);
  json.key("tensors").begin_array();
  for (const TensorPair& pair : diff.pairs)
    if (pair.has_values || !pair.is_same()) print_json_pair(pair, json);
  json.end_array().member("compared", std::uint64_t{diff.pairs.size()}).end_object();
}

}  // namespace

Command diff_command() {
  const auto options = std::make_shared<DiffOptions>();
  Command command;
  command.name = "diff";
  command.summary = "in what two models differ: names, dtypes, shapes, metadata, bytes, values";
  command.details = {
      "Lines begin with - for what only A has, + for what only B has, ~ for what differs. Models "
      "in one or more files are compared by their tensors, wherever they are. Exit code 1 for a "
      "difference.",
      "With --values, also for tensors of different dtypes: the largest absolute difference, the "
      "root of the mean square of the differences (RMS), the cosine of the angle between the "
      "tensors, and how many values differ. With a tolerance, tensors of the same shape, also "
      "of different dtypes, are the same if |a - b| <= ABS + REL * |b| for all their values; two "
      "NaN are equal."};
  command.positional("A", &options->a, "a file, a directory or an index").completion =
      Completion::Model;
  command.positional("B", &options->b, "the other one").completion = Completion::Model;
  add_selection(command, &options->selection);
  command.flag("-v,--values", &options->values, "compare the values of tensors that differ");
  command.option("-t,--tolerance", "ABS", &options->absolute,
                 "values may differ by ABS; implies --values");
  command.option("--relative", "REL", &options->relative,
                 "values may differ by REL times that of B; implies --values");
  command.flag("-m,--ignore-metadata", &options->ignore_metadata, "compare only the tensors");
  command.flag("--all", &options->all, "print all lines, not only 20 of a kind");
  command.examples = {
      {"diff a.safetensors b.safetensors", "what has changed?"},
      {"diff model/ copy.safetensors --ignore-metadata", "does a file have the tensors of a set?"},
      {"diff f32.safetensors bf16.safetensors --relative 0.004", "has a cast lost too much?"}};
  command.run = [options](Output& out) { return run_diff(*options, out); };
  return command;
}

int run_diff(const DiffOptions& options, Output& out) {
  CompareOptions compare;
  compare.tolerance = {parse_tolerance("--tolerance", options.absolute),
                       parse_tolerance("--relative", options.relative)};
  compare.has_tolerance = !options.absolute.empty() || !options.relative.empty();
  compare.values = options.values || compare.has_tolerance;
  const ModelDiff diff =
      compare_models(options.a, options.b, options.selection, options.ignore_metadata, compare);
  if (out.json)
    print_json(options, diff, out);
  else
    print_diff(diff, options.all, out);
  return diff.is_same() ? exit_success : exit_invalid;
}

}  // namespace safetensors::cli
