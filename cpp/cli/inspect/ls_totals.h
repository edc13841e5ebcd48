// The sums that ls prints: of all tensors, by dtype and by layer.
#pragma once

#include "cli/inspect/listing.h"
#include "cli/output/json.h"
#include "cli/output/output.h"

namespace safetensors::cli {

// One line: "104 tensors, 22,713,728 elements, 90.9 MB: 103 F32, 1 I64".
void print_summary(const Listing& listing, Output& out);

void print_totals_tables(const Listing& listing, Output& out);

// The member "totals" of the object that is open.
void write_totals_json(const Listing& listing, Json& json);

}  // namespace safetensors::cli
