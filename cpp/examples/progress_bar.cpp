#include "progress_bar.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "readable_text.h"

namespace {
constexpr int bar_width = 40;
constexpr std::chrono::milliseconds draw_interval(50);
}  // namespace

ProgressBar::ProgressBar(std::string title)
    : title_(std::move(title)), is_terminal_(isatty(STDOUT_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  if (is_drawn_) std::printf("\r\x1b[K");
  std::fflush(stdout);
}

safetensors::Progress ProgressBar::callback() {
  if (!is_terminal_) return {};
  return [this](std::uint64_t done, std::uint64_t total) {
    const auto now = std::chrono::steady_clock::now();
    if (!is_drawn_ || done == total || now - last_drawn_ >= draw_interval) {
      draw(done, total);
      last_drawn_ = now;
    }
    return true;
  };
}

void ProgressBar::draw(std::uint64_t done, std::uint64_t total) {
  const double share = total ? static_cast<double>(done) / static_cast<double>(total) : 1;
  const int filled = static_cast<int>(share * bar_width);
  char of_done[16];
  char of_total[16];
  std::printf("\r  %-10s [%s%s] %3d %%  %s of %s\x1b[K", title_.c_str(),
              std::string(static_cast<std::size_t>(filled), '#').c_str(),
              std::string(static_cast<std::size_t>(bar_width - filled), '.').c_str(),
              static_cast<int>(share * 100), human_bytes(done, of_done),
              human_bytes(total, of_total));
  std::fflush(stdout);
  is_drawn_ = true;
}
