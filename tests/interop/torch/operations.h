// The lines of a script that save and load.
#pragma once

#include <string>

#include "script_line.h"
#include "workbench.h"

// Does what the line says and returns the answer as one line of JSON:
//   save_file FILE, save FILE               the dictionary (save: its bytes go to the file)
//   save_model FILE FORCE_CONTIGUOUS
//   load_file FILE mmap|pread, load FILE copy|keep
//   load_model FILE STRICT
// The answer has "tensors" (what was loaded, or what the model is afterwards), "missing",
// "unexpected" and "mismatched" where there are such; and after an exception "error", its class,
// "code" and "text". File names are hexadecimal. Throws std::runtime_error for any other line.
std::string answer(const ScriptLine& line, Workbench& bench);
