// Builder: collects tensors and metadata and saves them.
#ifndef SAFETENSORS_WRAPPER_BUILDER_HPP
#define SAFETENSORS_WRAPPER_BUILDER_HPP

#include <safetensors/wrapper/file.hpp>
#include <safetensors/wrapper/set_options.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace safetensors {

enum class Durability : std::uint32_t {
  None = ST_DURABILITY_NONE,    // a power failure may lose the new file
  Fsync = ST_DURABILITY_FSYNC,  // file and directory are synced before save returns
};

// What a save does with a symbolic link at its path.
enum class Link : std::uint32_t {
  Replace = ST_LINK_REPLACE,  // the file that the link points to stays unchanged
  Follow = ST_LINK_FOLLOW,    // the file that the link points to is replaced
};

// Receives the number of bytes processed so far and their total, on the thread that processes them.
// Returns true to continue; false cancels, and the call throws Error ST_E_CANCELLED.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct SaveOptions {
  Durability durability = Durability::None;  // ignored for memory
  Link link = Link::Replace;                 // ignored for memory
  // Permission bits, or ST_MODE_INHERIT (those of the replaced file), or ST_MODE_UMASK.
  std::uint32_t mode = ST_MODE_INHERIT;
  MetadataForm metadata_form = MetadataForm::Absent;  // of a file without entries
  std::uint64_t alignment = 0;  // of the tensor data: a power of two from 8 to 65,536; 0: 8
  Progress progress = nullptr;
};

// Collects tensors and metadata and saves them any number of times. Names, shapes and metadata are
// copied. The order of the calls does not matter: the file contains the tensors in the reference
// implementation's order (dtype, then name), and equal input gives equal bytes.
//
// Every add validates its tensor and throws Error: ST_E_INVALID_ARGUMENT (the name "__metadata__"
// is reserved), ST_E_UTF8, ST_E_DTYPE, ST_E_OVERFLOW, ST_E_SUBBYTE, ST_E_SIZE_MISMATCH if dtype and
// shape do not match the number of bytes. Duplicate names throw when saving.
class Builder {
 public:
  Builder() : callbacks_(std::make_unique<Callbacks>()) {
    st_builder* builder = nullptr;
    st_error error = ST_ERROR_INIT;
    detail::check(st_builder_new(&builder, &error), error);
    builder_.reset(builder);
  }

  // Adds a tensor without copying its bytes, which must stay valid until the last save. Accepts any
  // container of trivially copyable elements, and Bytes.
  Builder& add(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape, Bytes bytes) {
    st_error error = ST_ERROR_INIT;
    detail::check(
        st_builder_add(builder_.get(), name.data(), name.size(), static_cast<std::uint32_t>(dtype),
                       shape.data(), shape.size(), bytes.data(), bytes.size(), &error),
        error);
    return *this;
  }

  // Adds a tensor and takes ownership of its elements, a container passed as an rvalue.
  template <class Container, std::enable_if_t<detail::is_owned_container_v<Container>, int> = 0>
  Builder& add(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape,
               Container&& elements) {
    auto owner = std::make_shared<const Container>(std::move(elements));
    const Bytes bytes(*owner);
    return keep(std::move(owner), [&] { add(name, dtype, shape, bytes); });
  }

  // Adds a tensor of a file under its own name or another one. The Builder keeps the Tensor: the
  // file may be closed or replaced.
  Builder& add(const Tensor& tensor) { return add(tensor.info().name, tensor); }
  Builder& add(std::string_view name, const Tensor& tensor) {
    const TensorInfo info = tensor.info();
    return keep(std::make_shared<const Tensor>(tensor),
                [&] { add(name, info.dtype, info.shape, tensor.bytes()); });
  }

  // Adds a tensor of `nbytes` bytes that `fill` provides in pieces while saving, in ascending order
  // of the offset within the tensor, on the saving thread. The save rethrows what it throws.
  Builder& add(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape,
               std::uint64_t nbytes, ReadAt fill) {
    auto owner = std::make_shared<Fill>(Fill{std::move(fill), callbacks_.get()});
    void* user_data = owner.get();
    return keep(std::move(owner), [&] {
      st_error error = ST_ERROR_INIT;
      detail::check(st_builder_add_fill(builder_.get(), name.data(), name.size(),
                                        static_cast<std::uint32_t>(dtype), shape.data(),
                                        shape.size(), nbytes, on_fill, user_data, &error),
                    error);
    });
  }

  // Adds an entry to the file's __metadata__. Duplicate keys make the save throw ST_E_DUPLICATE.
  Builder& add_metadata(std::string_view key, std::string_view value) {
    st_error error = ST_ERROR_INIT;
    detail::check(st_builder_add_metadata(builder_.get(), key.data(), key.size(), value.data(),
                                          value.size(), &error),
                  error);
    return *this;
  }
  Builder& add_metadata(const Metadata& entries) {
    for (const auto& [key, value] : entries)
      add_metadata(key, value);
    return *this;
  }

  // Writes a file atomically: a reader that opens `path` gets the complete old or the complete new
  // file. If it throws, the old file is unchanged. SaveOptions::link selects what happens to a
  // symbolic link.
  // Throws Error before the first byte is written: ST_E_DUPLICATE, ST_E_HEADER_TOO_LARGE,
  // ST_E_NOT_REGULAR, ST_E_NOT_FOUND, ST_E_PERMISSION; later: ST_E_IO, ST_E_CANCELLED.
  void save(const std::filesystem::path& path, const SaveOptions& options = {}) const {
    run(options, [&](const st_save_options* c_options, st_error* error) {
      return st_builder_save(builder_.get(), detail::c_path(path), c_options, error);
    });
  }

  // Writes the tensors as shards with an index, or as one file, to a directory, which is created if
  // it does not exist. A reader gets the complete old or the complete new set: the rename of the
  // index commits. SaveOptions::link is ignored: a link at a path is replaced. Throws as save.
  void save_set(const std::filesystem::path& directory, const SetOptions& set = {},
                const SaveOptions& options = {}) const {
    const detail::CSetOptions c_set(set);
    run(options, [&](const st_save_options* c_options, st_error* error) {
      return st_builder_save_set(builder_.get(), detail::c_path(directory), c_set.get(), c_options,
                                 error);
    });
  }

  // Size in bytes of the file that save would write. Reads no tensor data.
  std::uint64_t save_size(const SaveOptions& options = {}) const {
    std::uint64_t nbytes = 0;
    run(options, [&](const st_save_options* c_options, st_error* error) {
      return st_builder_save_size(builder_.get(), c_options, &nbytes, error);
    });
    return nbytes;
  }

  // The bytes that save would write.
  std::vector<std::byte> save_memory(const SaveOptions& options = {}) const {
    std::vector<std::byte> bytes(save_size(options));
    save_into(bytes, options);
    return bytes;
  }

  // Writes the bytes that save would write into the caller's memory; returns their number. Throws
  // Error ST_E_BUFFER_TOO_SMALL before it writes anything.
  std::uint64_t save_into(MutableBytes buffer, const SaveOptions& options = {}) const {
    std::uint64_t nbytes = 0;
    run(options, [&](const st_save_options* c_options, st_error* error) {
      return st_builder_save_memory(builder_.get(), c_options, buffer.data(), buffer.size(),
                                    &nbytes, error);
    });
    return nbytes;
  }

  // The C ABI's handle, owned by this Builder.
  st_builder* handle() const noexcept { return builder_.get(); }

 private:
  // The options of the current save, and the exception of its callbacks.
  struct Callbacks {
    const SaveOptions* options = nullptr;
    std::exception_ptr thrown;
  };
  struct Fill {
    ReadAt fill;
    Callbacks* callbacks;
  };
  struct Free {
    void operator()(st_builder* builder) const noexcept { st_builder_free(builder); }
  };

  // Calls `add` and keeps `owner` alive if it succeeds.
  template <class Add>
  Builder& keep(std::shared_ptr<const void> owner, Add add) {
    kept_.push_back(std::move(owner));
    try {
      add();
    } catch (...) {
      kept_.pop_back();
      throw;
    }
    return *this;
  }

  static std::int32_t on_fill(void* self, std::uint64_t offset, void* buffer,
                              std::uint64_t nbytes) {
    const auto* tensor = static_cast<const Fill*>(self);
    try {
      tensor->fill(offset, MutableBytes(static_cast<std::byte*>(buffer), nbytes));
      return 0;
    }
    SAFETENSORS_RETHROW_FORCED_UNWIND catch (...) {
      tensor->callbacks->thrown = std::current_exception();
      return -1;
    }
  }

  static std::int32_t on_progress(void* self, std::uint64_t done, std::uint64_t total) {
    auto* callbacks = static_cast<Callbacks*>(self);
    try {
      return callbacks->options->progress(done, total) ? 0 : -1;
    }
    SAFETENSORS_RETHROW_FORCED_UNWIND catch (...) {
      callbacks->thrown = std::current_exception();
      return -1;
    }
  }

  template <class Save>
  void run(const SaveOptions& options, Save save) const {
    st_save_options c_options = ST_SAVE_OPTIONS_INIT;
    c_options.durability = static_cast<std::uint32_t>(options.durability);
    c_options.mode = options.mode;
    c_options.alignment = options.alignment;
    if (options.progress) c_options.progress = on_progress;
    c_options.progress_user_data = callbacks_.get();
    c_options.link = static_cast<std::uint32_t>(options.link);
    c_options.metadata_form = static_cast<std::uint32_t>(options.metadata_form);
    *callbacks_ = {&options, nullptr};
    st_error error = ST_ERROR_INIT;
    const st_status status = save(&c_options, &error);
    if (status == ST_E_CANCELLED && callbacks_->thrown)
      std::rethrow_exception(std::exchange(callbacks_->thrown, nullptr));
    detail::check(status, error);
  }

  std::unique_ptr<Callbacks> callbacks_;
  std::vector<std::shared_ptr<const void>> kept_;  // owners of the bytes and fills
  std::unique_ptr<st_builder, Free> builder_;
};

}  // namespace safetensors

#endif
