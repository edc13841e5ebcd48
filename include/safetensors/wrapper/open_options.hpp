// OpenOptions: how a file is read and validated.
#ifndef SAFETENSORS_WRAPPER_OPEN_OPTIONS_HPP
#define SAFETENSORS_WRAPPER_OPEN_OPTIONS_HPP

#include <safetensors/safetensors.h>

#include <cstdint>

namespace safetensors {

enum class Backend : std::uint32_t {
  Auto = ST_BACKEND_AUTO,    // mmap; pread on network file systems, FUSE, or if mmap fails
  Mmap = ST_BACKEND_MMAP,    // no copy; truncating the file raises SIGBUS in its readers
  Pread = ST_BACKEND_PREAD,  // read into memory when data is requested
};

// Which tensors of its shards a set has.
enum class SetPolicy : std::uint32_t {
  Index = ST_SET_INDEX,  // those that the index assigns to a shard, each from that shard
  All = ST_SET_ALL,      // all; of those with one name, the one that the index names
};

struct OpenOptions {
  Backend backend = Backend::Auto;          // for paths and descriptors
  bool strict = false;                      // reject headers that only lenient readers accept
  bool writable = false;                    // Tensor::mutable_bytes; the file never changes
  std::uint64_t max_header_size = 0;        // bytes; 0: the format's own limit, 100,000,000
  SetPolicy set_policy = SetPolicy::Index;  // for open_set
  bool copy_unaligned = false;              // File::get copies tensors that the file does not align
};

namespace detail {

inline st_open_options c_options(const OpenOptions& options) noexcept {
  st_open_options c_options = ST_OPEN_OPTIONS_INIT;
  c_options.backend = static_cast<std::uint32_t>(options.backend);
  c_options.strictness = options.strict ? std::uint32_t{ST_STRICTNESS_STRICT}
                                        : std::uint32_t{ST_STRICTNESS_COMPATIBLE};
  c_options.access =
      options.writable ? std::uint32_t{ST_ACCESS_WRITABLE} : std::uint32_t{ST_ACCESS_READ_ONLY};
  c_options.max_header_size = options.max_header_size;
  c_options.set_policy = static_cast<std::uint32_t>(options.set_policy);
  c_options.unaligned =
      options.copy_unaligned ? std::uint32_t{ST_UNALIGNED_COPY} : std::uint32_t{ST_UNALIGNED_ALLOW};
  return c_options;
}

}  // namespace detail
}  // namespace safetensors

#endif
