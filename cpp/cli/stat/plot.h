// Draws the distributions of tensors as an SVG picture.
#pragma once

#include <string>
#include <vector>

#include "cli/stat/tensor_statistics.h"

namespace safetensors::cli {

// The text of a picture with a row for each tensor: the name, the histogram between the smallest
// and the largest value, lines at 0 and at the mean, and the numbers.
std::string plot_svg(const std::string& title, const std::vector<TensorStatistics>& all);

}  // namespace safetensors::cli
