// The exit codes of the command, and the errors that lead to them.
#pragma once

#include <stdexcept>
#include <string>

namespace safetensors::cli {

enum ExitCode : int {
  exit_success = 0,
  exit_invalid = 1,  // files differ, or are not valid
  exit_usage = 2,    // the arguments are wrong: also an unknown tensor
  exit_io = 3,       // a file cannot be read or written
  exit_interrupted = 130,
};

// The arguments of the command are wrong.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A file is valid for the library, but not what the command needs.
struct InvalidInput : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A system call of the command failed.
struct IoError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The reader of a pipe has closed it: the command ends without an error.
struct ClosedPipe {};

// Writes the message of the exception that is being handled to stderr, in lines that begin with
// "safetensors: ", and returns the exit code for it. Call it in a catch block.
int report_current_exception() noexcept;

}  // namespace safetensors::cli
