#include "format/old_shards.h"

#include <cstring>

#include "error.h"
#include "format/index_parse.h"
#include "format/set_names.h"

namespace st {

std::set<std::string> old_shards(std::string_view index) {
  const Bytes block = allocate_bytes(index.size() + parse_padding);
  auto* const text = reinterpret_cast<char*>(block.writable);
  if (!index.empty()) std::memcpy(text, index.data(), index.size());
  std::memset(text + index.size(), ' ', parse_padding);
  std::set<std::string> names;
  try {
    for (std::string& path : parse_index({text, index.size()}).shards) {
      if (is_plain_shard_name(path)) names.insert(std::move(path));
    }
  } catch (const Error& error) {
    // Not an index: its files are unknown, and stay.
    if (error.code() != Code::set_index && error.code() != Code::set_path) throw;
  }
  return names;
}

}  // namespace st
