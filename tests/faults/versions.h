// Files with distinct contents: version v has one tensor whose bytes are all v.
#pragma once

#include <safetensors/safetensors.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace faults {

// The temporary file of the only save to "file".
inline constexpr char first_temporary_name[] = ".st-aad01178f02a6a23";

class Versions {
 public:
  // Versions 0 to `count` - 1, each of another size.
  explicit Versions(int count) {
    for (int v = 0; v < count; ++v)
      bytes_.emplace_back(100'000 + 5000 * v, static_cast<unsigned char>(v));
  }

  st_status save(const char* path, int version,
                 std::uint32_t durability = ST_DURABILITY_NONE) const {
    st_save_options options = ST_SAVE_OPTIONS_INIT;
    options.durability = durability;
    return save(path, version, options, nullptr);
  }

  st_status save(const char* path, int version, const st_save_options& options,
                 st_error* error) const {
    const std::vector<unsigned char>& bytes = bytes_[static_cast<std::size_t>(version)];
    const std::uint64_t size = bytes.size();
    st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
    tensor.dtype = ST_DTYPE_U8;
    tensor.name = "w";
    tensor.name_len = 1;
    tensor.shape = &size;
    tensor.rank = 1;
    tensor.data = bytes.data();
    tensor.nbytes = size;
    return st_save(path, &tensor, 1, &options, error);
  }

  // The same with a writer, in pieces from the last to the first.
  st_status save_in_pieces(const char* path, int version, std::uint32_t durability) const {
    const std::vector<unsigned char>& bytes = bytes_[static_cast<std::size_t>(version)];
    const std::uint64_t size = bytes.size(), piece = 30'000;
    st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
    tensor.dtype = ST_DTYPE_U8;
    tensor.name = "w";
    tensor.name_len = 1;
    tensor.shape = &size;
    tensor.rank = 1;
    st_save_options options = ST_SAVE_OPTIONS_INIT;
    options.durability = durability;
    st_writer* writer = nullptr;
    st_status status = st_writer_open(path, &tensor, 1, &options, &writer, nullptr);
    for (std::uint64_t end = size; status == ST_OK && end > 0;) {
      const std::uint64_t begin = end > piece ? end - piece : 0;
      status = st_writer_write(writer, 0, begin, bytes.data() + begin, end - begin, nullptr);
      end = begin;
    }
    if (status == ST_OK) status = st_writer_commit(writer, nullptr);
    st_writer_free(writer);
    return status;
  }

  // The version of the file; -1 if it is not a complete one.
  int find(const char* path) const {
    st_file* file = nullptr;
    st_tensor* tensor = nullptr;
    int version = -1;
    if (st_open(path, nullptr, &file, nullptr) == ST_OK &&
        st_get_tensor(file, "w", 1, &tensor, nullptr) == ST_OK) {
      const auto* data = static_cast<const unsigned char*>(st_tensor_data(tensor));
      const std::size_t v = data[0];
      if (v < bytes_.size() && bytes_[v].size() == st_tensor_nbytes(tensor) &&
          std::memcmp(data, bytes_[v].data(), bytes_[v].size()) == 0) {
        version = static_cast<int>(v);
      }
    }
    st_tensor_unref(tensor);
    st_close(file);
    return version;
  }

 private:
  std::vector<std::vector<unsigned char>> bytes_;
};

}  // namespace faults
