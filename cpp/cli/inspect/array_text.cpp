#include "cli/inspect/array_text.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/inspect/number_format.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t threshold = 1000;
constexpr std::uint64_t edge_items = 3;
constexpr std::size_t highest_rank = 64;
constexpr std::uint64_t most_elements = 5'000'000;

class ArrayText {
 public:
  ArrayText(ElementReader& elements, bool is_full)
      : elements_(elements),
        shape_(elements.sliced().shape()),
        is_summary_(!is_full && elements.size() > threshold) {
    if (shape_.size() > highest_rank)
      throw UsageError("the tensor has " + std::to_string(shape_.size()) +
                       " dimensions; values are shown of at most " + std::to_string(highest_rank));
    std::uint64_t shown = 1;
    for (std::size_t axis = 0; axis < shape_.size(); ++axis)
      shown *= indices(axis).size();
    if (shown > most_elements)
      throw UsageError(std::to_string(shown) + " values would be printed, at most " +
                       std::to_string(most_elements) + ": use a slice or --npy");
    std::vector<std::uint64_t> bits;
    visit(0, 0, [&](std::uint64_t index) { bits.push_back(elements_.bits(index)); });
    format_ = make_number_format(elements.sliced().tensor.dtype, bits);
  }

  // The text of an axis of the array. `first` is the index of its first element.
  std::string text(std::size_t axis, std::uint64_t first, const std::string& indent,
                   std::size_t width) const {
    const std::string inner_indent = indent + ' ';
    const std::size_t inner_width = width - 1;
    const std::uint64_t stride = stride_of(axis);
    if (axis + 1 == shape_.size()) return row_text(first, inner_indent, inner_width);
    std::string result = "[";
    const std::string separator(shape_.size() - axis - 1, '\n');
    bool is_first = true;
    for_each_index(axis, [&](std::uint64_t index, bool is_gap) {
      if (!is_first) result += separator + inner_indent;
      is_first = false;
      result += is_gap ? "..." : text(axis + 1, first + index * stride, inner_indent, inner_width);
    });
    return result + ']';
  }

 private:
  std::vector<std::uint64_t> indices(std::size_t axis) const {
    std::vector<std::uint64_t> all;
    const std::uint64_t extent = shape_[axis];
    if (!is_summary_ || extent <= 2 * edge_items) {
      if (extent > most_elements)
        throw UsageError(std::to_string(extent) + " values would be printed, at most " +
                         std::to_string(most_elements) + ": use a slice or --npy");
      for (std::uint64_t i = 0; i < extent; ++i)
        all.push_back(i);
      return all;
    }
    for (std::uint64_t i = 0; i < edge_items; ++i)
      all.push_back(i);
    for (std::uint64_t i = extent - edge_items; i < extent; ++i)
      all.push_back(i);
    return all;
  }

  // Calls `call(index, is_gap)`, with a gap between the edges.
  template <class Call>
  void for_each_index(std::size_t axis, Call call) const {
    const std::vector<std::uint64_t> all = indices(axis);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i > 0 && all[i] != all[i - 1] + 1) call(0, true);
      call(all[i], false);
    }
  }

  std::uint64_t stride_of(std::size_t axis) const {
    std::uint64_t stride = 1;
    for (std::size_t d = axis + 1; d < shape_.size(); ++d)
      stride *= shape_[d];
    return stride;
  }

  template <class Visit>
  void visit(std::size_t axis, std::uint64_t first, const Visit& call) const {
    if (axis == shape_.size()) return call(first);
    for (const std::uint64_t index : indices(axis))
      visit(axis + 1, first + index * stride_of(axis), call);
  }

  // A row, in as many lines as it needs.
  std::string row_text(std::uint64_t first, const std::string& indent, std::size_t width) const {
    std::string done, line = indent;
    const auto add = [&](const std::string& word) {
      if (line.size() + word.size() > width && line.size() > indent.size()) {
        line.erase(line.find_last_not_of(' ') + 1);
        done += line + '\n';
        line = indent;
      }
      line += word;
    };
    bool is_first = true;
    for_each_index(shape_.size() - 1, [&](std::uint64_t index, bool is_gap) {
      if (!is_first) line += ' ';
      is_first = false;
      add(is_gap ? "..." : (*format_)(elements_.bits(first + index)));
    });
    return '[' + (done + line).substr(indent.size()) + ']';
  }

  ElementReader& elements_;
  std::vector<std::uint64_t> shape_;
  bool is_summary_;
  std::unique_ptr<NumberFormat> format_;
};

}  // namespace

void print_array(ElementReader& elements, bool is_full, std::size_t width, Output& out) {
  if (elements.size() == 0) return out.print_line("[]");
  if (elements.sliced().shape().empty())
    return out.print_line(element_text(elements.sliced().tensor.dtype, elements.bits(0)));
  out.print_line(ArrayText(elements, is_full).text(0, 0, "", width));
}

}  // namespace safetensors::cli
