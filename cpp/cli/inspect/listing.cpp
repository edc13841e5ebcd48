#include "cli/inspect/listing.h"

#include <algorithm>

#include "cli/input/model.h"
#include "cli/output/numbers.h"

namespace safetensors::cli {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view take_digits(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end]))
    ++end;
  const std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

std::string_view without_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

// Negative, 0 or positive. Of equal numbers the one with more zeros before it comes first, so that
// names with a common prefix stay together.
int compare_numbers(std::string_view a, std::string_view b) {
  const std::string_view x = without_zeros(a), y = without_zeros(b);
  if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
  const int order = x.compare(y);
  return order != 0 ? order : a.compare(b);
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (is_digit(a[0]) && is_digit(b[0])) {
      const int order = compare_numbers(take_digits(a), take_digits(b));
      if (order != 0) return order < 0;
    } else {
      if (a[0] != b[0]) return static_cast<unsigned char>(a[0]) < static_cast<unsigned char>(b[0]);
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.size() < b.size();
}

std::string_view layer_of(std::string_view name) {
  std::size_t begin = 0;
  while (begin < name.size()) {
    const std::size_t end = std::min(name.find_first_of("./", begin), name.size());
    const std::string_view component = name.substr(begin, end - begin);
    if (!component.empty() && std::all_of(component.begin(), component.end(), is_digit))
      return name.substr(0, end);
    begin = end + 1;
  }
  return name.substr(0, name.find_first_of("./"));
}

std::size_t Listing::shard_of(const TensorInfo& tensor) const {
  // The offset of a tensor without bytes may be that of the next shard.
  if (tensor.nbytes == 0 && shards.size() > 1) return file.location(tensor.name).shard;
  const auto after = std::upper_bound(
      shards.begin(), shards.end(), tensor.file_offset,
      [](std::uint64_t offset, const Shard& shard) { return offset < shard.first_offset; });
  return static_cast<std::size_t>(after - shards.begin()) - 1;
}

Listing make_listing(const LsOptions& options) {
  Listing listing{open_model(options.path), {}, {}, {}};
  listing.shards = listing.file.shards();
  for (const Shard& shard : listing.shards)
    listing.shard_names.push_back(name_in_model(options.path, shard.path));
  listing.tensors = select_tensors(listing.file, options.selection);
  auto& tensors = listing.tensors;
  if (options.sort == "name")
    std::sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
      return natural_less(a.name, b.name);
    });
  if (options.sort == "size")
    std::stable_sort(tensors.begin(), tensors.end(),
                     [](const TensorInfo& a, const TensorInfo& b) { return a.nbytes > b.nbytes; });
  if (options.reverse) std::reverse(tensors.begin(), tensors.end());
  for (const TensorInfo& tensor : tensors) {
    listing.nbytes += tensor.nbytes;
    listing.elements += element_count(tensor.shape);
  }
  return listing;
}

}  // namespace safetensors::cli
