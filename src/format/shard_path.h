// Paths of shards, as an index names them.
#pragma once

#include <string>
#include <string_view>

namespace st {

// The path of a shard relative to its index's directory, without "." components and repeated
// slashes: "./m.safetensors" and "m.safetensors" are the same shard. Throws Code::set_path for a
// path that is empty, too long, absolute, ends in anything but ".safetensors", or has a component
// "..", a drive, a backslash or NUL.
std::string normalize_shard_path(std::string_view path);

}  // namespace st
