#include "cli/inspect/show.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/inspect/array_text.h"
#include "cli/inspect/element_reader.h"
#include "cli/inspect/float_text.h"
#include "cli/inspect/npy.h"
#include "cli/inspect/number_format.h"
#include "cli/output/json.h"
#include "cli/output/numbers.h"
#include "cli/output/text.h"

namespace safetensors::cli {

namespace {

constexpr std::size_t numpy_width = 75;

// One line: name, dtype, shape and bytes.
void print_title(const SlicedTensor& sliced, Output& out) {
  std::string line = readable(sliced.tensor.name).text + "  " +
                     std::string(dtype_name(sliced.tensor.dtype)) + "  ";
  const std::vector<std::uint64_t> shape = sliced.shape();
  if (!sliced.is_whole() || shape.size() != sliced.tensor.shape.size())
    line += shape_text(shape) + " of ";
  line += shape_text(sliced.tensor.shape) + "  " + human_bytes(sliced.tensor.nbytes);
  out.print_line(out.painted(Style::Bold, line));
}

void write_float(double value, Dtype dtype, Json& json) {
  if (std::isfinite(value))
    json.raw(scalar_text(dtype, value));
  else
    json.string(std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
}

void write_element(Dtype dtype, std::uint64_t bits, Json& json) {
  if (dtype == Dtype::BOOL) {
    json.boolean(bits != 0);
  } else if (dtype == Dtype::C64) {
    json.begin_array();
    write_float(float_value(Dtype::F32, bits), Dtype::F32, json);
    write_float(float_value(Dtype::F32, bits >> 32), Dtype::F32, json);
    json.end_array();
  } else if (is_float(dtype)) {
    write_float(float_value(dtype, bits), dtype, json);
  } else {
    json.raw(element_text(dtype, bits));
  }
}

// Nested arrays of all values. Returns the index after the last element.
std::uint64_t write_values(ElementReader& elements, const std::vector<std::uint64_t>& shape,
                           std::size_t axis, std::uint64_t index, Json& json) {
  if (axis == shape.size()) {
    write_element(elements.sliced().tensor.dtype, elements.bits(index), json);
    return index + 1;
  }
  json.begin_array();
  for (std::uint64_t i = 0; i < shape[axis] && elements.size() > 0; ++i)
    index = write_values(elements, shape, axis + 1, index, json);
  json.end_array();
  return index;
}

// Finds all before the first output, which an error would cut.
std::vector<SlicedTensor> find_tensors(const ShowOptions& options, const File& file) {
  std::vector<SlicedTensor> found;
  for (const std::string& name : options.names)
    found.push_back(find_sliced_tensor(file, name));
  return found;
}

void print_text(const ShowOptions& options, const File& file, Output& out) {
  const std::vector<SlicedTensor> tensors = find_tensors(options, file);
  for (const SlicedTensor& sliced : tensors)
    check_printable(sliced, options.full);
  const std::size_t width = std::min(numpy_width, out.width());
  for (const SlicedTensor& sliced : tensors) {
    print_title(sliced, out);
    ElementReader elements(file, sliced);
    print_array(elements, options.full, width, out);
  }
}

void print_json(const ShowOptions& options, const File& file, Output& out) {
  constexpr std::size_t highest_rank = 64;
  const std::vector<SlicedTensor> tensors = find_tensors(options, file);
  for (const SlicedTensor& sliced : tensors)
    if (sliced.shape().size() > highest_rank)
      throw UsageError("values of more than 64 dimensions are not shown");
  Json json(out);
  json.begin_object().member("path", options.path).key("tensors").begin_array();
  for (const SlicedTensor& sliced : tensors) {
    const std::vector<std::uint64_t> shape = sliced.shape();
    ElementReader elements(file, sliced);
    json.begin_object()
        .member("name", sliced.tensor.name)
        .member("dtype", dtype_name(sliced.tensor.dtype))
        .member("shape", sliced.tensor.shape)
        .member("slice_shape", shape)
        .key("values");
    write_values(elements, shape, 0, 0, json);
    json.end_object();
  }
  json.end_array().end_object();
}

void write_binary(const ShowOptions& options, const File& file, Output& out) {
  if (options.names.size() != 1) throw UsageError("--raw and --npy write one tensor at a time");
  if (out.is_terminal())
    throw UsageError("binary data is not written to a terminal: redirect stdout to a file or pipe");
  const SlicedTensor sliced = find_sliced_tensor(file, options.names[0]);
  if (options.npy) out.print(npy_header(sliced.tensor.dtype, sliced.shape()));
  ElementReader elements(file, sliced);
  elements.for_each_run([&](Bytes bytes) {
    out.print(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  });
}

}  // namespace

Command show_command() {
  const auto options = std::make_shared<ShowOptions>();
  Command command;
  command.name = "show";
  command.summary = "print values as NumPy does, or write them to a pipe";
  command.details = {
      "A slice after a name selects elements as in NumPy: 'NAME[0:2, :, 5]', 'NAME[-1]', "
      "'NAME[..., ::2]'. Quote it for the shell."};
  command.model(&options->path);
  Argument& names =
      command.positionals("NAME", &options->names, "a tensor, with or without a slice");
  names.required = true;
  command.flag("-f,--full", &options->full, "print all values, also of a large tensor");
  command.flag("--raw", &options->raw, "write the bytes to stdout: little-endian, row-major");
  command.flag(
      "--npy", &options->npy,
      "write a .npy file to stdout; BF16 and F8 become void types (np.load(...).view(...))");
  command.examples = {
      {"show model.safetensors 'lm_head.weight[0, :8]'", "the first values of a row"},
      {"show model/ lm_head.weight --npy > head.npy", "a tensor for NumPy"},
  };
  command.run = [options](Output& out) { return run_show(*options, out); };
  return command;
}

int run_show(const ShowOptions& options, Output& out) {
  if (options.raw + options.npy + out.json > 1)
    throw UsageError("--raw, --npy and --json exclude each other");
  const File file = open_model(options.path);
  if (options.raw || options.npy) {
    write_binary(options, file, out);
  } else if (out.json) {
    print_json(options, file, out);
  } else {
    print_text(options, file, out);
  }
  return exit_success;
}

}  // namespace safetensors::cli
