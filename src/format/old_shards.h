// The shards that the index of a set names: for replacing the set.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace st {

// Those in the index's own directory. Empty for a text that is not a valid index.
std::set<std::string> old_shards(std::string_view index);

}  // namespace st
