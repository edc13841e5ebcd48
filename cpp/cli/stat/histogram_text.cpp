#include "cli/stat/histogram_text.h"

#include <algorithm>
#include <array>

namespace safetensors::cli {

std::string histogram_text(const HistogramCounts& counts) {
  static constexpr const char* bars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::size_t intervals = histogram_size / histogram_columns;
  std::array<double, histogram_columns> sums{};
  for (std::size_t i = 0; i < counts.size(); ++i)
    sums[i / intervals] += static_cast<double>(counts[i]);
  const double largest = *std::max_element(sums.begin(), sums.end());
  std::string text;
  for (const double sum : sums) {
    // A column with few numbers has the lowest bar.
    const double height = sum == 0 ? 0 : std::max(1.0, sum / largest * 8 + 0.5);
    text += bars[static_cast<std::size_t>(height)];
  }
  return text;
}

}  // namespace safetensors::cli
