#include "cli/inspect/slice_text.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "cli/exit_code.h"
#include "cli/input/selection.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::int64_t parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw UsageError("invalid slice: expected a whole number, found " + quote(text));
  return number;
}

// Extents are at most 2^63 - 1 here: a larger one has no element that can be addressed.
DimensionSlice parse_index(std::string_view text, std::int64_t extent, std::size_t dimension) {
  const std::int64_t index = parse_integer(text);
  if (index < -extent || index >= extent)
    throw UsageError("index " + std::to_string(index) + " is outside dimension " +
                     std::to_string(dimension) + ", which has " + std::to_string(extent) +
                     " elements");
  return {static_cast<std::uint64_t>(index < 0 ? index + extent : index), 1, 1, false};
}

DimensionSlice parse_range(std::string_view text, std::int64_t extent) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() > 3) throw UsageError("invalid slice " + quote(text));
  DimensionSlice slice;
  if (parts.size() == 3 && !parts[2].empty()) slice.step = parse_integer(parts[2]);
  if (slice.step == 0 || slice.step == INT64_MIN)
    throw UsageError("invalid slice " + quote(text) + ": the step is " +
                     std::to_string(slice.step));
  const bool is_reverse = slice.step < 0;
  // Bounds as in Python: negative ones count from the end, others are cut to the extent.
  const std::int64_t lowest = is_reverse ? -1 : 0, highest = is_reverse ? extent - 1 : extent;
  const auto bound = [&](std::string_view part, std::int64_t value_without) {
    if (part.empty()) return value_without;
    const std::int64_t value = parse_integer(part);
    return std::clamp(value < 0 ? value + extent : value, lowest, highest);
  };
  const std::int64_t start = bound(parts[0], is_reverse ? highest : lowest);
  const std::int64_t stop = bound(parts[1], is_reverse ? lowest : highest);
  const std::int64_t length = is_reverse ? start - stop : stop - start;
  const std::int64_t stride = is_reverse ? -slice.step : slice.step;
  slice.start = static_cast<std::uint64_t>(std::max<std::int64_t>(start, 0));
  slice.count = length <= 0 ? 0 : static_cast<std::uint64_t>((length - 1) / stride + 1);
  return slice;
}

std::int64_t signed_extent(std::uint64_t extent) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(extent, INT64_MAX));
}

std::vector<DimensionSlice> parse_slices(std::string_view text, const TensorInfo& tensor) {
  std::vector<std::string_view> parts = split(text, ',');
  if (parts.size() == 1 && parts[0].empty()) throw UsageError("empty slice []");
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  const std::size_t rank = tensor.shape.size();
  const auto ellipses =
      static_cast<std::size_t>(std::count(parts.begin(), parts.end(), std::string_view("...")));
  if (ellipses > 1) throw UsageError("a slice has at most one ...");
  if (parts.size() - ellipses > rank)
    throw UsageError("the slice has " + std::to_string(parts.size() - ellipses) +
                     " dimensions, the tensor " + std::to_string(rank));
  std::vector<DimensionSlice> slices;
  const auto add_whole = [&] { slices.push_back({0, tensor.shape[slices.size()], 1, true}); };
  for (const std::string_view part : parts) {
    if (part == "...") {
      for (std::size_t i = parts.size() - 1; i < rank; ++i)
        add_whole();
      continue;
    }
    const std::int64_t extent = signed_extent(tensor.shape[slices.size()]);
    slices.push_back(part.find(':') == std::string_view::npos
                         ? parse_index(part, extent, slices.size())
                         : parse_range(part, extent));
  }
  while (slices.size() < rank)
    add_whole();
  return slices;
}

[[noreturn]] void throw_unknown(const File& file, const std::string& name) {
  throw UsageError("no tensor " + quote(name) + suggest_tensor(name, file.tensors()));
}

}  // namespace

std::vector<std::uint64_t> SlicedTensor::shape() const {
  std::vector<std::uint64_t> extents;
  for (const DimensionSlice& slice : dimensions)
    if (slice.is_kept) extents.push_back(slice.count);
  return extents;
}

std::uint64_t SlicedTensor::size() const {
  std::uint64_t count = 1;
  for (const DimensionSlice& slice : dimensions)
    count *= slice.count;
  return count;
}

bool SlicedTensor::is_whole() const {
  for (std::size_t d = 0; d < dimensions.size(); ++d)
    if (dimensions[d].count != tensor.shape[d] || dimensions[d].step != 1) return false;
  return true;
}

SlicedTensor find_sliced_tensor(const File& file, const std::string& text) {
  SlicedTensor sliced;
  if (const auto tensor = file.find(text)) {
    sliced.tensor = *tensor;
    for (const std::uint64_t extent : tensor->shape)
      sliced.dimensions.push_back({0, extent, 1, true});
    return sliced;
  }
  const std::size_t bracket = text.rfind('[');
  if (bracket == std::string::npos || text.back() != ']') throw_unknown(file, text);
  const std::string name = text.substr(0, bracket);
  const auto tensor = file.find(name);
  if (!tensor) throw_unknown(file, name);
  sliced.tensor = *tensor;
  sliced.dimensions =
      parse_slices(std::string_view(text).substr(bracket + 1, text.size() - bracket - 2), *tensor);
  return sliced;
}

}  // namespace safetensors::cli
