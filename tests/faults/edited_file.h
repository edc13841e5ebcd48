// A file before and after an edit of its metadata.
#pragma once

#include <safetensors/safetensors.h>

#include <cstdint>
#include <string>

namespace faults {

enum class Edit {
  grow,    // the header gets another entry
  shrink,  // the header loses its entries
};

struct EditRequest {
  Edit edit = Edit::grow;
  bool in_place = false;
  std::uint32_t durability = ST_DURABILITY_NONE;
  std::uint32_t link = ST_LINK_REPLACE;
};

// Writes "file", as it is before an edit.
void write_unedited();

// Edits the file at `path`.
st_status edit(const char* path, const EditRequest& request, std::uint32_t* method,
               st_error* error);

enum class State { old_file, new_file, damaged };

// The state of "file": `damaged` is everything but the old and the complete new file.
State state_of_file(Edit edit);

// Whether "file" has a header length of 0, and its last bytes are the data.
bool has_lost_header();

}  // namespace faults
