// A progress bar on a terminal.
#pragma once

#include <safetensors/safetensors.hpp>

#include <chrono>
#include <string>

// Draws on standard output if it is a terminal.
class ProgressBar {
 public:
  explicit ProgressBar(std::string title);
  // Removes the line.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // The callback for a load or save, which must not outlive the bar. Empty if standard output is
  // not a terminal.
  safetensors::Progress callback();

 private:
  void draw(std::uint64_t done, std::uint64_t total);

  std::string title_;
  bool is_terminal_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point last_drawn_;
};
