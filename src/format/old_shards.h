// The shards that an index names, as far as it can be read: for replacing a set.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace st {

// The values of "weight_map" that are names of files in the index's own directory. Empty for a text
// that is not an index.
std::set<std::string> old_shards(std::string_view index);

}  // namespace st
