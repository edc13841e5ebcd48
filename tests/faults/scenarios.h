// What a caller does with the library, from the first call to the last. A flow stops at the first
// call that fails and gives everything back; it takes no memory of its own.
#pragma once

#include <safetensors/safetensors.h>

#include <cstdint>
#include <string>

#include "faults.h"

namespace faults {

struct Flow {
  const char* name;
  void (*prepare)();  // makes the folder what the flow expects
  st_status (*run)(st_error* error);
  bool (*is_right)();       // whether the folder is what a flow that succeeded leaves
  bool (*is_untouched)();   // whether it is as before
  bool may_be_new = false;  // a failure after the file took its place is one too
  bool in_place = false;    // two failures can damage the file
  bool emulate_clone = false;
};

// Flows that read the sample file.
extern const Flow reading[];
extern const std::size_t reading_count;

// Flows that save.
extern const Flow saving[];
extern const std::size_t saving_count;

// Flows that edit.
extern const Flow editing[];
extern const std::size_t editing_count;

}  // namespace faults
