#include "cli/output/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <utility>

#include "cli/output/numbers.h"
#include "cli/output/output.h"

namespace safetensors::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto delay = 1s;
constexpr auto draw_interval = 100ms;

volatile std::sig_atomic_t is_interrupted = 0;

extern "C" void on_interrupt(int signal) {
  is_interrupted = 1;
  std::signal(signal, SIG_DFL);  // a second one ends the process
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds);
  char text[48];
  if (whole < 3600)
    std::snprintf(text, sizeof text, "%u:%02u", static_cast<unsigned>(whole / 60),
                  static_cast<unsigned>(whole % 60));
  else
    std::snprintf(text, sizeof text, "%llu:%02u:%02u",
                  static_cast<unsigned long long>(whole / 3600),
                  static_cast<unsigned>(whole / 60 % 60), static_cast<unsigned>(whole % 60));
  return text;
}

}  // namespace

ProgressBar::ProgressBar(std::string title)
    : title_(std::move(title)),
      width_(terminal_width(STDERR_FILENO)),
      begin_(Clock::now()),
      last_drawn_(begin_) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    if (std::signal(signal, on_interrupt) == SIG_IGN) std::signal(signal, SIG_IGN);
}

ProgressBar::~ProgressBar() {
  clear();
}

void ProgressBar::clear() {
  if (is_drawn_) std::fputs("\r\x1b[K", stderr);
  is_drawn_ = false;
}

Progress ProgressBar::callback() {
  return [this](std::uint64_t done, std::uint64_t total) { return update(done, total); };
}

bool ProgressBar::update(std::uint64_t done, std::uint64_t total) {
  if (is_interrupted) return false;
  if (width_ == 0) return true;
  const auto now = Clock::now();
  if (now - begin_ >= delay && (!is_drawn_ || now - last_drawn_ >= draw_interval)) {
    draw(done, total, now);
    last_drawn_ = now;
    is_drawn_ = true;
  }
  return true;
}

void ProgressBar::advance_to(std::uint64_t done, std::uint64_t total) {
  if (!update(done, total)) throw Error(ST_E_CANCELLED, "interrupted");
}

void ProgressBar::draw(std::uint64_t done, std::uint64_t total, Clock::time_point now) const {
  const double share = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double speed = static_cast<double>(done) / seconds;
  char percent[16];
  std::snprintf(percent, sizeof percent, "%3d %%", static_cast<int>(100 * share));
  std::string after = std::string(" ") + percent;
  const std::string details[] = {
      "  " + human_bytes(done) + " of " + human_bytes(total),
      "  " + human_bytes(static_cast<std::uint64_t>(speed)) + "/s",
      share > 0 ? "  " + clock_text(seconds / share - seconds) + " left" : std::string()};
  // On a narrow terminal the last details and the bar are left out.
  for (const std::string& detail : details)
    if (title_.size() + after.size() + detail.size() + 1 < width_) after += detail;
  std::string line = title_;
  const std::size_t used = line.size() + after.size() + 4;
  if (width_ > used + 5) {
    const std::size_t length = std::min<std::size_t>(40, width_ - used);
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(length));
    line += " [" + std::string(filled, '#') + std::string(length - filled, '.') + ']';
  }
  line += after;
  std::fprintf(stderr, "\r%.*s\x1b[K", static_cast<int>(width_ - 1), line.c_str());
  std::fflush(stderr);
}

}  // namespace safetensors::cli
