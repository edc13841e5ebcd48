#include "cli/inspect/ls.h"

#include <memory>

#include "cli/exit_code.h"
#include "cli/inspect/listing.h"
#include "cli/inspect/ls_totals.h"
#include "cli/inspect/ls_tree.h"
#include "cli/output/json.h"
#include "cli/output/numbers.h"
#include "cli/output/table.h"

namespace safetensors::cli {

namespace {

std::string size_text(const LsOptions& options, std::uint64_t nbytes) {
  return options.exact ? grouped(nbytes) : human_bytes(nbytes);
}

void print_table(const Listing& listing, const LsOptions& options, Output& out) {
  std::vector<Column> columns = {{"name", false, 24, 0},
                                 {"dtype", false, 0, 0},
                                 {"shape", false, 18, 3},
                                 {"bytes", true, 0, 2},
                                 {"share", true, 0, 1}};
  const bool has_shards = listing.shards.size() > 1;
  if (has_shards) columns.push_back({"shard", true, 0, 1});
  Table table(std::move(columns));
  std::uint64_t largest = 0;
  for (const TensorInfo& tensor : listing.tensors) {
    table.measure(0, readable_width(tensor.name));
    table.measure(1, dtype_name(tensor.dtype).size());
    table.measure(2, shape_width(tensor.shape));
    largest = std::max(largest, tensor.nbytes);
  }
  table.measure(3, options.exact ? grouped(largest).size() : std::string("999.9 MB").size());
  table.measure(4, std::string("100.0 %").size());
  table.begin(out);
  for (const TensorInfo& tensor : listing.tensors) {
    std::vector<std::string> row = {std::string(tensor.name), std::string(dtype_name(tensor.dtype)),
                                    shape_text(tensor.shape), size_text(options, tensor.nbytes),
                                    percentage(tensor.nbytes, listing.nbytes)};
    if (has_shards) row.push_back(std::to_string(listing.shard_of(tensor) + 1));
    table.print_row(out, row);
  }
  table.print_rule(out);
}

void print_shards(const Listing& listing, const LsOptions& options, Output& out) {
  if (listing.shards.size() < 2) return;
  for (std::size_t i = 0; i < listing.shards.size(); ++i) {
    const Shard& shard = listing.shards[i];
    out.print_line("shard " + std::to_string(i + 1) + ": " + readable(listing.shard_names[i]).text +
                   ", " + counted(shard.tensor_count, "tensor") + ", " +
                   size_text(options, shard.nbytes));
  }
}

void print_json(const Listing& listing, const LsOptions& options, Output& out) {
  Json json(out);
  json.begin_object().member("path", options.path).key("tensors").begin_array();
  for (const TensorInfo& tensor : listing.tensors) {
    const std::size_t shard = listing.shard_of(tensor);
    json.begin_object()
        .member("name", tensor.name)
        .member("dtype", dtype_name(tensor.dtype))
        .member("shape", tensor.shape)
        .member("bytes", tensor.nbytes)
        .member("shard", std::uint64_t{shard})
        .member("offset", tensor.file_offset - listing.shards[shard].first_offset)
        .end_object();
  }
  json.end_array().key("shards").begin_array();
  for (std::size_t i = 0; i < listing.shards.size(); ++i)
    json.begin_object()
        .member("file", listing.shard_names[i])
        .member("bytes", listing.shards[i].nbytes)
        .member("tensors", listing.shards[i].tensor_count)
        .end_object();
  json.end_array();
  write_totals_json(listing, json);
  json.end_object();
}

}  // namespace

Command ls_command() {
  const auto options = std::make_shared<LsOptions>();
  Command command;
  command.name = "ls";
  command.summary = "list the tensors: name, dtype, shape, bytes, share, shard";
  command.model(&options->path);
  add_selection(command, &options->selection);
  command.option("-s,--sort", "KEY", &options->sort, "order, by default file").choices = {
      "file", "name", "size"};
  command.flag("-r,--reverse", &options->reverse, "reverse the order");
  command.flag("-t,--tree", &options->tree, "group by the parts of the names, with sums");
  command.number("-d,--depth", "N", &options->depth, "of the tree: show N levels");
  command.flag("--totals", &options->totals, "show only sums, by dtype and by layer");
  command.flag("-b,--bytes", &options->exact, "show exact numbers of bytes");
  command.examples = {
      {"ls model.safetensors --tree --depth 2", "an overview of a model"},
      {"ls model/ '*.bias' --sort size", "the biases of a directory with a model, largest first"},
      {"ls model/ --json", "the same for programs"},
  };
  command.run = [options](Output& out) { return run_ls(*options, out); };
  return command;
}

int run_ls(const LsOptions& options, Output& out) {
  if (options.totals && options.tree) throw UsageError("--totals and --tree exclude each other");
  if (options.depth != LsOptions{}.depth && !options.tree) throw UsageError("--depth needs --tree");
  const Listing listing = make_listing(options);
  if (out.json) {
    print_json(listing, options, out);
    return exit_success;
  }
  if (options.totals) {
    print_totals_tables(listing, out);
  } else if (options.tree) {
    print_tree(listing, options, out);
  } else {
    print_table(listing, options, out);
  }
  print_summary(listing, out);
  if (!options.totals && !options.tree) print_shards(listing, options, out);
  return exit_success;
}

}  // namespace safetensors::cli
