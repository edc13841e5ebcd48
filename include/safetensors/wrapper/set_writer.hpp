// SetWriter: writes a model in several files, one tensor at a time.
#ifndef SAFETENSORS_WRAPPER_SET_WRITER_HPP
#define SAFETENSORS_WRAPPER_SET_WRITER_HPP

#include <safetensors/wrapper/builder.hpp>
#include <safetensors/wrapper/set_options.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace safetensors {

// Writes the set that Builder::save_set writes from tensors added in the same order, in constant
// memory. Nothing is published before commit(). The destructor of a writer without a commit removes
// what it wrote, except complete shards with SetOptions::resume: a later writer with equal options
// takes the tensors that they have from them. A writer is for one thread at a time.
class SetWriter {
 public:
  // Creates the directory if it does not exist. `metadata` is in the header of every shard.
  // SaveOptions::link and progress are ignored.
  explicit SetWriter(const std::filesystem::path& directory, const SetOptions& set = {},
                     const SaveOptions& options = {}, const Metadata& metadata = {}) {
    const auto entries = detail::c_entries(metadata);
    st_save_options c_options = detail::c_options(options);
    c_options.metadata = entries.data();
    c_options.metadata_count = entries.size();
    const detail::CSetOptions c_set(set);
    st_set_writer* writer = nullptr;
    st_error error = ST_ERROR_INIT;
    detail::check(
        st_set_writer_open(detail::c_path(directory), c_set.get(), &c_options, &writer, &error),
        error);
    writer_.reset(writer);
  }

  // Writes the tensor's bytes before it returns. Throws Error as Builder::add and Builder::save;
  // ST_E_DUPLICATE for a repeated name. After ST_E_IO the writer is unusable.
  SetWriter& add(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape, Bytes bytes) {
    st_error error = ST_ERROR_INIT;
    detail::check(st_set_writer_add(writer_.get(), name.data(), name.size(),
                                    static_cast<std::uint32_t>(dtype), shape.data(), shape.size(),
                                    bytes.data(), bytes.size(), &error),
                  error);
    return *this;
  }

  // The same for a container of trivially copyable elements, with the dtype of the elements if none
  // is passed. Throws Error ST_E_INVALID_ARGUMENT if the elements have another dtype.
  template <class Container, std::enable_if_t<detail::is_typed_v<Container>, int> = 0>
  SetWriter& add(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape,
                 const Container& elements) {
    detail::require_stored_as<detail::element_t<Container>>(dtype);
    return add(name, dtype, shape, Bytes(elements));
  }
  template <class Container, std::enable_if_t<detail::is_typed_v<Container>, int> = 0>
  SetWriter& add(std::string_view name, Span<const std::uint64_t> shape,
                 const Container& elements) {
    return add(name, detail::dtype_of_elements<Container>(), shape, Bytes(elements));
  }

  // Adds a tensor whose bytes `fill` provides in pieces, in ascending order of the offset. `fill`
  // is not called if has_tensor(name). Rethrows what it throws.
  SetWriter& add(std::string_view name, Dtype dtype, Span<const std::uint64_t> shape,
                 std::uint64_t nbytes, const ReadAt& fill) {
    Fill call{&fill, nullptr};
    st_error error = ST_ERROR_INIT;
    const st_status status = st_set_writer_add_fill(writer_.get(), name.data(), name.size(),
                                                    static_cast<std::uint32_t>(dtype), shape.data(),
                                                    shape.size(), nbytes, on_fill, &call, &error);
    if (call.thrown) std::rethrow_exception(call.thrown);
    detail::check(status, error);
    return *this;
  }

  // Whether a complete shard of an interrupted writer has the tensor, so that its bytes are not
  // needed.
  bool has_tensor(std::string_view name) const noexcept {
    return st_set_writer_has_tensor(writer_.get(), name.data(), name.size()) != 0;
  }

  // Publishes the set, as Builder::save_set does. Afterwards the writer can only be destroyed.
  void commit() {
    st_error error = ST_ERROR_INIT;
    detail::check(st_set_writer_commit(writer_.get(), &error), error);
  }

  // The C ABI's handle, owned by this SetWriter.
  st_set_writer* handle() const noexcept { return writer_.get(); }

 private:
  struct Fill {
    const ReadAt* fill;
    std::exception_ptr thrown;
  };
  struct Free {
    void operator()(st_set_writer* writer) const noexcept { st_set_writer_free(writer); }
  };

  static std::int32_t on_fill(void* self, std::uint64_t offset, void* buffer,
                              std::uint64_t nbytes) {
    auto* call = static_cast<Fill*>(self);
    try {
      (*call->fill)(offset, MutableBytes(static_cast<std::byte*>(buffer), nbytes));
      return 0;
    }
    SAFETENSORS_RETHROW_FORCED_UNWIND catch (...) {
      call->thrown = std::current_exception();
      return -1;
    }
  }

  std::unique_ptr<st_set_writer, Free> writer_;
};

}  // namespace safetensors

#endif
