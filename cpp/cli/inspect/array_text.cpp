#include "cli/inspect/array_text.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/exit_code.h"
#include "cli/inspect/number_format.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t threshold = 1000;
constexpr std::uint64_t edge_items = 3;
constexpr std::size_t highest_rank = 64;
constexpr std::uint64_t most_elements = 5'000'000;

// The elements of an array that are printed.
class ArrayLayout {
 public:
  ArrayLayout(std::vector<std::uint64_t> shape, std::uint64_t size, bool is_full)
      : shape_(std::move(shape)), is_summary_(!is_full && size > threshold) {}

  std::size_t rank() const { return shape_.size(); }

  // Elements of an axis that are printed.
  std::uint64_t shown(std::size_t axis) const {
    return has_gap(axis) ? 2 * edge_items : shape_[axis];
  }

  // Calls `call(index, is_gap)`, with a gap between the edges.
  template <class Call>
  void for_each_index(std::size_t axis, Call call) const {
    const std::uint64_t extent = shape_[axis];
    for (std::uint64_t i = 0; i < extent; ++i) {
      if (i == edge_items && has_gap(axis)) {
        call(0, true);
        i = extent - edge_items;
      }
      call(i, false);
    }
  }

  // Elements from one index of an axis to the next.
  std::uint64_t stride(std::size_t axis) const {
    std::uint64_t stride = 1;
    for (std::size_t d = axis + 1; d < shape_.size(); ++d)
      stride *= shape_[d];
    return stride;
  }

  // Calls `call(index)` for the elements from `first` on that differ in this and later axes.
  template <class Call>
  void for_each_element(std::size_t axis, std::uint64_t first, const Call& call) const {
    if (axis == shape_.size()) return call(first);
    const std::uint64_t step = stride(axis);
    for_each_index(axis, [&](std::uint64_t index, bool is_gap) {
      if (!is_gap) for_each_element(axis + 1, first + index * step, call);
    });
  }

 private:
  bool has_gap(std::size_t axis) const { return is_summary_ && shape_[axis] > 2 * edge_items; }

  std::vector<std::uint64_t> shape_;
  bool is_summary_;
};

// Prints the lines of an array as they are complete.
class ArrayPrinter {
 public:
  ArrayPrinter(ElementReader& elements, ArrayLayout layout, std::size_t width, Output& out)
      : elements_(elements), layout_(std::move(layout)), width_(width), out_(out) {
    format_ = make_number_format(
        elements.sliced().tensor.dtype, [this](const std::function<void(std::uint64_t)>& call) {
          layout_.for_each_element(0, 0, [&](std::uint64_t index) { call(elements_.bits(index)); });
        });
  }

  void print() {
    print_axis(0, 0);
    out_.print_line();
  }

 private:
  // `first` is the index of the first element.
  void print_axis(std::size_t axis, std::uint64_t first) {
    out_.print("[");
    if (axis + 1 == layout_.rank()) {
      print_row(first);
    } else {
      const std::uint64_t stride = layout_.stride(axis);
      const std::string separator =
          std::string(layout_.rank() - axis - 1, '\n') + std::string(axis + 1, ' ');
      bool is_first = true;
      layout_.for_each_index(axis, [&](std::uint64_t index, bool is_gap) {
        if (!is_first) out_.print(separator);
        is_first = false;
        is_gap ? out_.print("...") : print_axis(axis + 1, first + index * stride);
      });
    }
    out_.print("]");
  }

  // The elements of a row, in as many lines as they need. Brackets are at both ends.
  void print_row(std::uint64_t first) {
    const std::size_t axis = layout_.rank() - 1, indent = layout_.rank();
    const std::size_t width = width_ > indent ? width_ - indent : 0;
    std::string line(indent, ' ');
    bool is_first = true, is_first_line = true;
    const auto print_line = [&] {
      out_.print(std::string_view(line).substr(is_first_line ? indent : 0));
      is_first_line = false;
    };
    layout_.for_each_index(axis, [&](std::uint64_t index, bool is_gap) {
      if (!is_first) line += ' ';
      is_first = false;
      const std::string word = is_gap ? "..." : (*format_)(elements_.bits(first + index));
      if (line.size() + word.size() > width && line.size() > indent) {
        line.erase(line.find_last_not_of(' ') + 1);
        print_line();
        out_.print("\n");
        line.assign(indent, ' ');
      }
      line += word;
    });
    print_line();
  }

  ElementReader& elements_;
  ArrayLayout layout_;
  std::size_t width_;
  Output& out_;
  std::unique_ptr<NumberFormat> format_;
};

}  // namespace

void check_printable(const SlicedTensor& sliced, bool is_full) {
  const std::vector<std::uint64_t> shape = sliced.shape();
  if (shape.size() > highest_rank)
    throw UsageError("the tensor has " + std::to_string(shape.size()) +
                     " dimensions; values are shown of at most " + std::to_string(highest_rank));
  const ArrayLayout layout(shape, sliced.size(), is_full);
  std::uint64_t shown = sliced.size() == 0 ? 0 : 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    shown *= layout.shown(axis);
  if (shown > most_elements)
    throw UsageError(std::to_string(shown) + " values would be printed, at most " +
                     std::to_string(most_elements) + ": use a slice or --npy");
}

void print_array(ElementReader& elements, bool is_full, std::size_t width, Output& out) {
  if (elements.size() == 0) return out.print_line("[]");
  const SlicedTensor& sliced = elements.sliced();
  if (sliced.shape().empty())
    return out.print_line(element_text(sliced.tensor.dtype, elements.bits(0)));
  ArrayPrinter(elements, ArrayLayout(sliced.shape(), elements.size(), is_full), width, out).print();
}

}  // namespace safetensors::cli
