// ProgressBar: shows on stderr how far work is, if it takes more than a second and stderr is a
// terminal. Interrupts (Ctrl-C, SIGTERM) cancel the work, so that nothing incomplete remains.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

class ProgressBar {
 public:
  explicit ProgressBar(std::string title);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // For SaveOptions. Must not outlive the bar.
  Progress callback();

  // Returns false if the work is to be cancelled.
  bool update(std::uint64_t done, std::uint64_t total);

  // As update, but throws Error ST_E_CANCELLED.
  void advance_to(std::uint64_t done, std::uint64_t total);

  // Removes the bar from the terminal.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void draw(std::uint64_t done, std::uint64_t total, Clock::time_point now) const;

  std::string title_;
  std::size_t width_;  // of the terminal; 0 if stderr is not one
  Clock::time_point begin_, last_drawn_;
  bool is_drawn_ = false;
};

}  // namespace safetensors::cli
