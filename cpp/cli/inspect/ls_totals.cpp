#include "cli/inspect/ls_totals.h"

#include <algorithm>
#include <map>
#include <utility>

#include "cli/output/numbers.h"
#include "cli/output/table.h"

namespace safetensors::cli {

namespace {

struct Sum {
  std::uint64_t tensors = 0, elements = 0, nbytes = 0;

  void add(const TensorInfo& tensor) {
    ++tensors;
    elements += element_count(tensor.shape);
    nbytes += tensor.nbytes;
  }
};

using Sums = std::vector<std::pair<std::string, Sum>>;

template <class KeyOf>
Sums sums_by(const Listing& listing, KeyOf key_of) {
  std::map<std::string, Sum, std::less<>> sums;
  for (const TensorInfo& tensor : listing.tensors) {
    const std::string_view key = key_of(tensor);
    auto found = sums.find(key);
    if (found == sums.end()) found = sums.emplace(key, Sum()).first;
    found->second.add(tensor);
  }
  return {sums.begin(), sums.end()};
}

// The largest first.
Sums dtype_sums(const Listing& listing) {
  Sums sums = sums_by(listing, [](const TensorInfo& tensor) { return dtype_name(tensor.dtype); });
  std::stable_sort(sums.begin(), sums.end(),
                   [](const auto& a, const auto& b) { return a.second.nbytes > b.second.nbytes; });
  return sums;
}

Sums layer_sums(const Listing& listing) {
  Sums sums = sums_by(listing, [](const TensorInfo& tensor) { return layer_of(tensor.name); });
  std::sort(sums.begin(), sums.end(),
            [](const auto& a, const auto& b) { return natural_less(a.first, b.first); });
  return sums;
}

void print_sums(const std::string& title, const Sums& sums, std::uint64_t total, Output& out) {
  Table table({{title, false, 12, 0},
               {"tensors", true, 0, 0},
               {"elements", true, 0, 2},
               {"bytes", true, 0, 0},
               {"share", true, 0, 1}});
  const auto row_of = [&](const std::pair<std::string, Sum>& entry) {
    const auto& [key, sum] = entry;
    return std::vector<std::string>{key, grouped(sum.tensors), grouped(sum.elements),
                                    human_bytes(sum.nbytes), percentage(sum.nbytes, total)};
  };
  for (const auto& entry : sums) {
    std::vector<Cell> cells;
    for (const std::string& text : row_of(entry))
      cells.push_back(readable(text));
    table.measure(cells);
  }
  table.begin(out);
  for (const auto& entry : sums)
    table.print_row(out, row_of(entry));
  table.print_rule(out);
}

void write_sums(std::string_view member, std::string_view key, const Sums& sums, Json& json) {
  json.key(member).begin_array();
  for (const auto& [name, sum] : sums)
    json.begin_object()
        .member(key, name)
        .member("tensors", sum.tensors)
        .member("elements", sum.elements)
        .member("bytes", sum.nbytes)
        .end_object();
  json.end_array();
}

}  // namespace

void print_summary(const Listing& listing, Output& out) {
  std::string line = counted(listing.tensors.size(), "tensor");
  if (listing.tensors.size() != listing.file.size())
    line = grouped(listing.tensors.size()) + " of " + counted(listing.file.size(), "tensor");
  line += ", " + counted(listing.elements, "element") + ", " + human_bytes(listing.nbytes);
  const char* before = ": ";
  for (const auto& [dtype, sum] : dtype_sums(listing)) {
    line += before + grouped(sum.tensors) + " " + dtype;
    before = ", ";
  }
  out.print_line(out.painted(Style::Bold, line));
}

void print_totals_tables(const Listing& listing, Output& out) {
  print_sums("dtype", dtype_sums(listing), listing.nbytes, out);
  out.print_line();
  print_sums("layer", layer_sums(listing), listing.nbytes, out);
}

void write_totals_json(const Listing& listing, Json& json) {
  json.key("totals")
      .begin_object()
      .member("tensors", std::uint64_t{listing.tensors.size()})
      .member("elements", listing.elements)
      .member("bytes", listing.nbytes);
  write_sums("dtypes", "dtype", dtype_sums(listing), json);
  write_sums("layers", "layer", layer_sums(listing), json);
  json.end_object();
}

}  // namespace safetensors::cli
