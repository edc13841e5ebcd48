#include "cli/inspect/ls_tree.h"

#include <algorithm>

#include "cli/output/numbers.h"
#include "cli/output/table.h"

namespace safetensors::cli {

namespace {

constexpr std::size_t deepest_level = 64;

// Tensors [begin, end) of the sorted ones, whose names have the first `prefix` bytes in common.
struct Node {
  std::size_t begin, end;
  std::size_t parent_prefix;  // where the label begins
  std::size_t prefix;
  std::uint64_t nbytes;

  bool is_tensor() const { return end - begin == 1; }
};

class Tree {
 public:
  Tree(const Listing& listing, const LsOptions& options)
      : tensors_(listing.tensors), options_(options) {
    std::stable_sort(
        tensors_.begin(), tensors_.end(),
        [](const TensorInfo& a, const TensorInfo& b) { return natural_less(a.name, b.name); });
  }

  // Calls `visit(node, level)` for every row.
  template <class Visit>
  void visit_all(Visit visit) const {
    visit_children({0, tensors_.size(), 0, 0, 0}, 0, visit);
  }

  const TensorInfo& tensor(const Node& node) const { return tensors_[node.begin]; }

  std::string_view label(const Node& node) const {
    const std::string_view name = tensor(node).name;
    if (node.is_tensor()) return name.substr(node.parent_prefix);
    return name.substr(node.parent_prefix, node.prefix - node.parent_prefix - 1);
  }

 private:
  // Bytes of the name up to and with the separator after position `from`; 0 without one.
  static std::size_t next_prefix(std::string_view name, std::size_t from) {
    const std::size_t separator = name.find_first_of("./", from);
    return separator == std::string_view::npos ? 0 : separator + 1;
  }

  bool have_prefix(std::size_t first, std::size_t last, std::size_t prefix) const {
    return prefix != 0 &&
           tensors_[first].name.substr(0, prefix) == tensors_[last].name.substr(0, prefix);
  }

  std::vector<Node> children(const Node& parent) const {
    std::vector<Node> nodes;
    for (std::size_t begin = parent.begin; begin < parent.end;) {
      const std::string_view name = tensors_[begin].name;
      std::size_t prefix = next_prefix(name, parent.prefix);
      std::size_t end = begin + 1;
      while (end < parent.end && have_prefix(begin, end, prefix))
        ++end;
      // A group whose tensors are all in one subgroup is one row.
      for (std::size_t longer = prefix; end - begin > 1 && longer != 0;) {
        prefix = longer;
        longer = next_prefix(name, prefix);
        if (!have_prefix(begin, end - 1, longer)) longer = 0;
      }
      Node node{begin, end, parent.prefix, prefix, 0};
      for (; begin < end; ++begin)
        node.nbytes += tensors_[begin].nbytes;
      nodes.push_back(node);
    }
    if (options_.sort == "size")
      std::stable_sort(nodes.begin(), nodes.end(),
                       [](const Node& a, const Node& b) { return a.nbytes > b.nbytes; });
    if (options_.reverse) std::reverse(nodes.begin(), nodes.end());
    return nodes;
  }

  template <class Visit>
  void visit_children(const Node& parent, std::size_t level, Visit visit) const {
    if (level >= options_.depth || level >= deepest_level) return;
    for (const Node& node : children(parent)) {
      visit(node, level);
      if (!node.is_tensor()) visit_children(node, level + 1, visit);
    }
  }

  std::vector<TensorInfo> tensors_;
  const LsOptions& options_;
};

std::vector<std::string> row_of(const Tree& tree, const Node& node, std::size_t level,
                                const LsOptions& options, std::uint64_t total) {
  std::string dtype, shape;
  if (node.is_tensor()) {
    dtype = dtype_name(tree.tensor(node).dtype);
    shape = shape_text(tree.tensor(node).shape);
  } else {
    shape = counted(node.end - node.begin, "tensor");
  }
  return {std::string(2 * level, ' ') + std::string(tree.label(node)), dtype, shape,
          options.exact ? grouped(node.nbytes) : human_bytes(node.nbytes),
          percentage(node.nbytes, total)};
}

}  // namespace

void print_tree(const Listing& listing, const LsOptions& options, Output& out) {
  const Tree tree(listing, options);
  Table table({{"name", false, 24, 0},
               {"dtype", false, 0, 2},
               {"shape", false, 18, 3},
               {"bytes", true, 0, 0},
               {"share", true, 0, 1}});
  tree.visit_all([&](const Node& node, std::size_t level) {
    std::vector<Cell> cells;
    for (const std::string& text : row_of(tree, node, level, options, listing.nbytes))
      cells.push_back(readable(text));
    table.measure(cells);
  });
  table.begin(out);
  tree.visit_all([&](const Node& node, std::size_t level) {
    table.print_row(out, row_of(tree, node, level, options, listing.nbytes));
  });
  table.print_rule(out);
}

}  // namespace safetensors::cli
