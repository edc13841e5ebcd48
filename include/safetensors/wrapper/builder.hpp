// Builder: collects tensors and metadata and saves them.
#ifndef SAFETENSORS_WRAPPER_BUILDER_HPP
#define SAFETENSORS_WRAPPER_BUILDER_HPP

#include <safetensors/wrapper/file.hpp>
#include <safetensors/wrapper/save_options.hpp>
#include <safetensors/wrapper/set_options.hpp>
#include <safetensors/wrapper/writer.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace safetensors {

// Receives bytes to append, or throws. See Builder::save_to.
using Write = std::function<void(Bytes bytes)>;

// Collects tensors and metadata and saves them any number of times. Names, shapes and metadata are
// copied. The order of the calls does not matter: the file contains the tensors in the reference
// implementation's order (dtype, then name), and equal input gives equal bytes. A Builder that was
// moved from can only be destroyed or assigned to: other calls throw ST_E_INVALID_ARGUMENT.
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

  // Adds a tensor without copying its bytes, which must stay valid and unchanged until the last
  // save.
  Builder& add(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape, Bytes bytes) {
    return record(name, dtype, bytes.size(), [&](st_error* error) {
      return st_builder_add(builder_.get(), name.data(), name.size(),
                            static_cast<std::uint32_t>(dtype), shape.data(), shape.size(),
                            bytes.data(), bytes.size(), error);
    });
  }

  // The same for a container of trivially copyable elements: one that is passed as an rvalue
  // becomes the Builder's, others must stay valid and unchanged until the last save. Throws Error
  // ST_E_INVALID_ARGUMENT if the elements have another dtype (see dtype_of).
  template <class Container,
            std::enable_if_t<detail::is_typed_v<detail::remove_cvref_t<Container>> ||
                                 detail::is_owned_container_v<Container>,
                             int> = 0>
  Builder& add(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape,
               Container&& elements) {
    detail::require_stored_as<detail::element_t<Container>>(dtype);
    if constexpr (detail::is_owned_container_v<Container>) {
      auto owner = std::make_shared<const Container>(std::move(elements));
      const Bytes bytes(*owner);
      return keep(std::move(owner), [&] { add(name, dtype, shape, bytes); });
    } else {
      return add(name, dtype, shape, Bytes(elements));
    }
  }

  // The same with the dtype of the elements: add("bias", {3}, std::vector<float>{0, 1, 2}).
  template <class Container,
            std::enable_if_t<detail::is_typed_v<detail::remove_cvref_t<Container>>, int> = 0>
  Builder& add(std::string_view name, Span<const std::uint64_t> shape, Container&& elements) {
    return add(name, detail::dtype_of_elements<Container>(), shape,
               std::forward<Container>(elements));
  }

  // Adds a tensor and a copy of its bytes.
  Builder& add_copy(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape,
                    Bytes bytes) {
    return record(name, dtype, bytes.size(), [&](st_error* error) {
      return st_builder_add_copy(builder_.get(), name.data(), name.size(),
                                 static_cast<std::uint32_t>(dtype), shape.data(), shape.size(),
                                 bytes.data(), bytes.size(), error);
    });
  }
  template <class Container, std::enable_if_t<detail::is_typed_v<Container>, int> = 0>
  Builder& add_copy(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape,
                    const Container& elements) {
    detail::require_stored_as<detail::element_t<Container>>(dtype);
    return add_copy(name, dtype, shape, Bytes(elements));
  }
  template <class Container, std::enable_if_t<detail::is_typed_v<Container>, int> = 0>
  Builder& add_copy(std::string_view name, Span<const std::uint64_t> shape,
                    const Container& elements) {
    return add_copy(name, detail::dtype_of_elements<Container>(), shape, elements);
  }

  // Adds a copy of a matrix, vector or array of Eigen, in any storage order: the tensor has its
  // rows and columns as dimensions, a vector one.
  template <class Matrix, std::enable_if_t<detail::is_eigen_v<Matrix>, int> = 0>
  Builder& add(std::string_view name, const Matrix& matrix) {
    using Scalar = typename Matrix::Scalar;
    const auto rows = static_cast<std::uint64_t>(matrix.rows());
    const auto columns = static_cast<std::uint64_t>(matrix.cols());
    std::vector<Scalar> elements;
    elements.reserve(rows * columns);
    for (decltype(matrix.rows()) row = 0; row < matrix.rows(); ++row)
      for (decltype(matrix.cols()) column = 0; column < matrix.cols(); ++column)
        elements.push_back(matrix(row, column));
    if (Matrix::IsVectorAtCompileTime) return add(name, {rows * columns}, std::move(elements));
    return add(name, {rows, columns}, std::move(elements));
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
      record(name, dtype, nbytes, [&](st_error* error) {
        return st_builder_add_fill(builder_.get(), name.data(), name.size(),
                                   static_cast<std::uint32_t>(dtype), shape.data(), shape.size(),
                                   nbytes, on_fill, user_data, error);
      });
    });
  }

  // Adds a tensor without bytes, for open_writer. Saving it throws ST_E_INVALID_ARGUMENT unless it
  // has 0 bytes.
  Builder& declare(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape) {
    return record(name, dtype, detail::declared_nbytes(dtype, shape), [&](st_error* error) {
      return st_builder_declare(builder_.get(), name.data(), name.size(),
                                static_cast<std::uint32_t>(dtype), shape.data(), shape.size(),
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

  // Passes the bytes that save would write to `write` in order, in pieces of at most 16 MiB: to a
  // pipe, a socket, an object store. Rethrows what `write` throws, which may have received a part
  // of the bytes by then.
  void save_to(const Write& write, const SaveOptions& options = {}) const {
    Sink sink{write, callbacks_.get()};
    run(options, [&](const st_save_options* c_options, st_error* error) {
      return st_builder_save_io(builder_.get(), on_write, &sink, c_options, error);
    });
  }

  // A Writer of the tensors, whose bytes are ignored. A tensor's index is the number of tensors
  // added before it. Throws as save does.
  Writer open_writer(const std::filesystem::path& path, const SaveOptions& options = {}) const {
    const st_save_options c_options = detail::c_options(options);
    st_writer* writer = nullptr;
    st_error error = ST_ERROR_INIT;
    detail::check(
        st_builder_open_writer(builder_.get(), detail::c_path(path), &c_options, &writer, &error),
        error);
    return Writer(writer, tensors_);
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
  struct Sink {
    const Write& write;
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

  // Calls `add` and remembers the tensor for open_writer if it succeeds.
  template <class Add>
  Builder& record(std::string_view name, Dtype dtype, std::uint64_t nbytes, Add add) {
    tensors_.push_back({std::string(name), dtype, nbytes});
    st_error error = ST_ERROR_INIT;
    const st_status status = add(&error);
    if (status != ST_OK) tensors_.pop_back();
    detail::check(status, error);
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

  static std::int32_t on_write(void* self, std::uint64_t, const void* buffer,
                               std::uint64_t nbytes) {
    const auto* sink = static_cast<const Sink*>(self);
    try {
      sink->write(Bytes(static_cast<const std::byte*>(buffer), nbytes));
      return 0;
    }
    SAFETENSORS_RETHROW_FORCED_UNWIND catch (...) {
      sink->callbacks->thrown = std::current_exception();
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
    if (!builder_) throw Error(ST_E_INVALID_ARGUMENT, "the Builder has been moved from");
    st_save_options c_options = detail::c_options(options);
    if (options.progress) c_options.progress = on_progress;
    c_options.progress_user_data = callbacks_.get();
    *callbacks_ = {&options, nullptr};
    st_error error = ST_ERROR_INIT;
    const st_status status = save(&c_options, &error);
    if (status == ST_E_CANCELLED && callbacks_->thrown)
      std::rethrow_exception(std::exchange(callbacks_->thrown, nullptr));
    detail::check(status, error);
  }

  std::unique_ptr<Callbacks> callbacks_;
  std::vector<detail::WriterTensor> tensors_;
  std::vector<std::shared_ptr<const void>> kept_;  // owners of the bytes and fills
  std::unique_ptr<st_builder, Free> builder_;
};

}  // namespace safetensors

#endif
