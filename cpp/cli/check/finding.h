// Findings of check: what is wrong with a file or set, the likely cause, and the remedy.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/output/output.h"

namespace safetensors::cli {

enum class Severity { Fault, Warning };

struct Finding {
  Severity severity = Severity::Fault;
  std::string code;            // stable, for programs: "truncated"
  std::string file;            // as shown; empty for the whole model
  std::string message;         // what was found, and the likely cause
  std::string remedy;          // what to do; may be empty
  bool is_repairable = false;  // safetensors repair undoes it
};

class Findings {
 public:
  void fault(std::string code, std::string file, std::string message, std::string remedy,
             bool is_repairable = false);
  // A fault whose remedy is safetensors repair.
  void repairable_fault(std::string code, std::string file, std::string message);
  void warning(std::string code, std::string file, std::string message, std::string remedy = {});

  // The first fault or choice for which repair can write no complete model; nullptr without one.
  const Finding* obstacle() const;

  const std::vector<Finding>& all() const { return all_; }
  std::uint64_t count(Severity severity) const;

  // One line for each finding, faults first.
  void print(Output& out) const;

 private:
  std::vector<Finding> all_;
};

// The first names of a list in quotes, and the number of the others: for messages.
std::string some_names(const std::vector<std::string>& names);

}  // namespace safetensors::cli
