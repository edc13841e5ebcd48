// Runs the lines of a script that save and load.
#pragma once

#include <string>

#include "script_line.h"
#include "workbench.h"

// Runs a line and returns the answer as one line of JSON:
//   save_file FILE, save FILE               the dictionary (save: its bytes go to the file)
//   save_model FILE FORCE_CONTIGUOUS
//   load_file FILE mmap|pread, load FILE copy|keep
//   load_model FILE STRICT
// The answer has "tensors" (of the dictionary, or of the model afterwards), and "missing",
// "unexpected" and "mismatched" if present; after an exception it has "error", its class,
// "code" and "text". File names are hexadecimal. Throws std::runtime_error for any other line.
std::string answer(const ScriptLine& line, Workbench& bench);
