// A line on a terminal that fills up.
#pragma once

#include <safetensors/torch.hpp>

#include <chrono>
#include <string>

// Draws on standard output if that is a terminal, and is silent otherwise.
class ProgressBar {
 public:
  explicit ProgressBar(std::string title);
  // Removes the line.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // What a load or save calls; refers to the bar. Empty where there is nothing to draw on.
  safetensors::Progress callback();

 private:
  void draw(std::uint64_t done, std::uint64_t total);

  std::string title_;
  bool is_terminal_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point last_drawn_;
};
