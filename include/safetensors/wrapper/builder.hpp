// Collecting tensors and saving them.
#ifndef SAFETENSORS_WRAPPER_BUILDER_HPP
#define SAFETENSORS_WRAPPER_BUILDER_HPP

#include <safetensors/wrapper/file.hpp>

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

// Called on the thread that does the work with the bytes that are done and their total. Returns
// true to continue; false cancels, and the call throws Error ST_E_CANCELLED.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct SaveOptions {
  Durability durability = Durability::None;  // ignored for memory
  Link link = Link::Replace;                 // ignored for memory
  // Permission bits, or ST_MODE_INHERIT (those of the replaced file), or ST_MODE_UMASK.
  std::uint32_t mode = ST_MODE_INHERIT;
  MetadataForm metadata_form = MetadataForm::Absent;  // __metadata__ if there are no entries
  std::uint64_t alignment = 0;  // of the tensor data: a power of two from 8 to 65,536; 0: 8
  Progress progress = nullptr;
};

// Collects tensors and metadata, and saves them as often as you like. Names, shapes and metadata
// are copied. Tensors may come in any order: the file holds them as the reference implementation
// orders them (dtype descending, then name), and equal input gives equal bytes.
//
// Every add_ checks its tensor at once and throws Error: ST_E_INVALID_ARGUMENT (one called
// "__metadata__"), ST_E_UTF8, ST_E_DTYPE, ST_E_OVERFLOW, ST_E_SUBBYTE, ST_E_SIZE_MISMATCH where
// dtype and shape say another size than the bytes have. Names are checked against each other when
// saving.
class Builder {
 public:
  Builder() : callbacks_(std::make_unique<Callbacks>()) {
    st_builder* builder = nullptr;
    st_error error = ST_ERROR_INIT;
    detail::check(st_builder_new(&builder, &error), error);
    builder_.reset(builder);
  }

  // Adds a tensor whose bytes are borrowed: they must stay until the last save. Any container of
  // plain elements will do, as will Bytes.
  Builder& add(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape, Bytes bytes) {
    st_error error = ST_ERROR_INIT;
    detail::check(
        st_builder_add(builder_.get(), name.data(), name.size(), static_cast<std::uint32_t>(dtype),
                       shape.data(), shape.size(), bytes.data(), bytes.size(), &error),
        error);
    return *this;
  }

  // Adds a tensor whose elements are handed over, in a container that is an rvalue.
  template <class Container, std::enable_if_t<detail::is_handed_over_v<Container>, int> = 0>
  Builder& add(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape,
               Container&& elements) {
    auto owner = std::make_shared<const Container>(std::move(elements));
    const Bytes bytes(*owner);
    return keep(std::move(owner), [&] { add(name, dtype, shape, bytes); });
  }

  // Adds a tensor of a file under its own name or another. The Tensor is kept, so that the file may
  // be closed, or saved over.
  Builder& add(const Tensor& tensor) { return add(tensor.info().name, tensor); }
  Builder& add(std::string_view name, const Tensor& tensor) {
    const TensorInfo info = tensor.info();
    return keep(std::make_shared<const Tensor>(tensor),
                [&] { add(name, info.dtype, info.shape, tensor.bytes()); });
  }

  // Adds a tensor of `nbytes` bytes that `fill` gives piece by piece while saving, in ascending
  // order of the offset within the tensor, on the thread that saves. What it throws comes out of
  // the save.
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

  // Adds an entry to the file's __metadata__. Two of one key make the save throw ST_E_DUPLICATE.
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

  // Writes a file: all of it, or none. Whoever opens `path` finds the old file or the new one,
  // never a mixture; if it throws, the old one is as it was. Symbolic links are written through.
  // Throws Error before the first byte is written: ST_E_DUPLICATE, ST_E_HEADER_TOO_LARGE,
  // ST_E_NOT_REGULAR, ST_E_NOT_FOUND, ST_E_PERMISSION; later: ST_E_IO, ST_E_CANCELLED.
  void save(const std::filesystem::path& path, const SaveOptions& options = {}) const {
    run(options, [&](const st_save_options* c_options, st_error* error) {
      return st_builder_save(builder_.get(), detail::c_path(path), c_options, error);
    });
  }

  // Size in bytes of the file that save would write. No tensor's data is looked at.
  std::uint64_t save_size(const SaveOptions& options = {}) const {
    std::uint64_t nbytes = 0;
    run(options, [&](const st_save_options* c_options, st_error* error) {
      return st_builder_save_size(builder_.get(), c_options, &nbytes, error);
    });
    return nbytes;
  }

  // The same bytes as save in a vector of their own.
  std::vector<std::byte> save_memory(const SaveOptions& options = {}) const {
    std::vector<std::byte> bytes(save_size(options));
    save_into(bytes, options);
    return bytes;
  }

  // The same bytes in the caller's memory; returns how many they are. Throws Error
  // ST_E_BUFFER_TOO_SMALL before anything is written.
  std::uint64_t save_into(MutableBytes buffer, const SaveOptions& options = {}) const {
    std::uint64_t nbytes = 0;
    run(options, [&](const st_save_options* c_options, st_error* error) {
      return st_builder_save_memory(builder_.get(), c_options, buffer.data(), buffer.size(),
                                    &nbytes, error);
    });
    return nbytes;
  }

  // The C ABI's handle; stays this Builder's.
  st_builder* handle() const noexcept { return builder_.get(); }

 private:
  // Where the callbacks of the save that is running leave what they threw.
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

  // Adds what `owner` must outlive.
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
  std::vector<std::shared_ptr<const void>> kept_;  // what the borrowed bytes and fills stand on
  std::unique_ptr<st_builder, Free> builder_;
};

}  // namespace safetensors

#endif
