#include "device/read_plan.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using safetensors::FileRange;
using safetensors::ReadPlan;

namespace {

// "read@slab+n ... copy d.offset@slab+n ..." of each fill.
std::string text(const std::vector<FileRange>& ranges, std::uint64_t slab_bytes) {
  const ReadPlan plan(ranges, slab_bytes);
  std::string out;
  for (std::size_t fill = 0; fill < plan.fill_count(); ++fill) {
    out += out.empty() ? "" : " | ";
    out += std::to_string(plan.nbytes(fill)) + ":";
    for (const auto& read : plan.reads(fill))
      out += " read " + std::to_string(read.file_offset) + "+" + std::to_string(read.nbytes) +
             " to " + std::to_string(read.slab_offset);
    for (const auto& copy : plan.copies(fill))
      out += ", " + std::to_string(copy.slab_offset) + "+" + std::to_string(copy.nbytes) + " to #" +
             std::to_string(copy.destination) + "." + std::to_string(copy.offset);
  }
  return out;
}

}  // namespace

TEST_CASE("ranges of a file are packed into slabs") {
  struct Case {
    const char* what;
    std::vector<FileRange> ranges;
    const char* expected;
  };
  const Case cases[] = {
      {"nothing", {}, ""},
      {"no bytes", {{100, 0}}, ""},
      {"one that fits", {{100, 7}}, "7: read 100+7 to 0, 0+7 to #0.0"},
      {"neighbours share a read",
       {{100, 3}, {103, 0}, {103, 4}},
       "7: read 100+7 to 0, 0+3 to #0.0, 3+4 to #2.0"},
      {"a gap parts reads, not slabs",
       {{100, 3}, {200, 4}},
       "7: read 100+3 to 0 read 200+4 to 3, 0+3 to #0.0, 3+4 to #1.0"},
      {"the same bytes twice are read twice",
       {{100, 3}, {100, 3}},
       "6: read 100+3 to 0 read 100+3 to 3, 0+3 to #0.0, 3+3 to #1.0"},
      {"exactly a slab", {{100, 10}}, "10: read 100+10 to 0, 0+10 to #0.0"},
      {"a slab after a slab",
       {{100, 10}, {110, 1}},
       "10: read 100+10 to 0, 0+10 to #0.0 | 1: read 110+1 to 0, 0+1 to #1.0"},
      {"larger than a slab",
       {{100, 25}},
       "10: read 100+10 to 0, 0+10 to #0.0 | 10: read 110+10 to 0, 0+10 to #0.10 | "
       "5: read 120+5 to 0, 0+5 to #0.20"},
      {"the end of one and the beginning of the next",
       {{100, 8}, {108, 8}},
       "10: read 100+10 to 0, 0+8 to #0.0, 8+2 to #1.0 | 6: read 110+6 to 0, 0+6 to #1.2"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CHECK(text(c.ranges, 10) == c.expected);
  }
}
