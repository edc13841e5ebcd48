// Converts a caller's st_set_options to the type of src/.
#pragma once

#include <safetensors/safetensors.h>

#include "save_request.h"
#include "save_set.h"

namespace capi {

struct SetOptions {
  st::SetOptions set;
  bool resume = false;
};

// Views refer to the caller's text. Throws Code::invalid_argument, utf8 or duplicate.
SetOptions set_options_of(const st_set_options* given);

}  // namespace capi
