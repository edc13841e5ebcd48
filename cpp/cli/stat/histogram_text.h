// A histogram as block characters.
#pragma once

#include <cstddef>
#include <string>

#include "cli/values/histogram.h"

namespace safetensors::cli {

inline constexpr std::size_t histogram_columns = 16;

// Bars of eighths of a line, one of 16 columns for two intervals; the largest one has the full
// height. A column without numbers is a space.
std::string histogram_text(const HistogramCounts& counts);

}  // namespace safetensors::cli
