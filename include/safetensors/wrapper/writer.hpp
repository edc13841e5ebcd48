// Writer: writes the bytes of declared tensors in any order, from any number of threads.
#ifndef SAFETENSORS_WRAPPER_WRITER_HPP
#define SAFETENSORS_WRAPPER_WRITER_HPP

#include <safetensors/wrapper/save_options.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace safetensors {

// A tensor whose bytes follow.
struct TensorDeclaration {
  std::string name;
  Dtype dtype{};
  std::vector<std::uint64_t> shape;
};

namespace detail {

// Declarations of the C ABI that refer to the tensors.
inline std::vector<st_save_tensor> c_declarations(const std::vector<TensorDeclaration>& tensors) {
  std::vector<st_save_tensor> declared;
  for (const TensorDeclaration& tensor : tensors) {
    declared.push_back(ST_SAVE_TENSOR_INIT);
    declared.back().dtype = static_cast<std::uint32_t>(tensor.dtype);
    declared.back().name = tensor.name.data();
    declared.back().name_len = tensor.name.size();
    declared.back().shape = tensor.shape.data();
    declared.back().rank = tensor.shape.size();
  }
  return declared;
}

struct WriterTensor {
  std::string name;
  Dtype dtype{};
  std::uint64_t nbytes = 0;
};

// Size of a tensor that the library accepted; for others any number.
inline std::uint64_t declared_nbytes(Dtype dtype, Span<const std::uint64_t> shape) {
  std::uint64_t bits = st_dtype_bits(static_cast<std::uint32_t>(dtype));
  for (const std::uint64_t extent : shape)
    bits *= extent;
  return bits / 8;
}

}  // namespace detail

// Writes a file whose tensors are declared first and whose bytes follow in any order. The file at
// the path is unchanged before commit; a Writer that is destroyed without it removes what it wrote.
// Any number of threads may call write at once.
class Writer {
 public:
  // Allocates the space of the file: throws Error ST_E_IO with ENOSPC if it is lacking, and as
  // Builder::save does.
  Writer(const std::filesystem::path& path, const std::vector<TensorDeclaration>& tensors,
         const SaveOptions& options = {}, const Metadata& metadata = {}) {
    const auto declared = detail::c_declarations(tensors);
    for (const TensorDeclaration& tensor : tensors)
      add({tensor.name, tensor.dtype, detail::declared_nbytes(tensor.dtype, tensor.shape)});
    const auto entries = detail::c_entries(metadata);
    st_save_options c_options = detail::c_options(options);
    c_options.metadata = entries.data();
    c_options.metadata_count = entries.size();
    st_writer* writer = nullptr;
    st_error error = ST_ERROR_INIT;
    detail::check(st_writer_open(detail::c_path(path), declared.data(), declared.size(), &c_options,
                                 &writer, &error),
                  error);
    writer_.reset(writer);
  }

  // Writes bytes of a tensor, which is given by its name or by its index in the declarations. Bytes
  // may be written again: the last write counts. Throws Error ST_E_TENSOR_NOT_FOUND,
  // ST_E_OUT_OF_RANGE, ST_E_IO.
  void write(std::uint64_t index, std::uint64_t offset, Bytes bytes) {
    st_error error = ST_ERROR_INIT;
    detail::check(st_writer_write(writer_.get(), index, offset, bytes.data(), bytes.size(), &error),
                  error);
  }
  void write(std::string_view name, std::uint64_t offset, Bytes bytes) {
    write(index_of(name), offset, bytes);
  }

  // Writes all bytes of a tensor. Throws Error ST_E_SIZE_MISMATCH for another number of bytes.
  void write(std::uint64_t index, Bytes bytes) {
    if (index < tensors_.size() && bytes.size() != tensors_[index].nbytes)
      throw Error(ST_E_SIZE_MISMATCH, std::to_string(bytes.size()) + " bytes for tensor " +
                                          std::to_string(index) + ", expected " +
                                          std::to_string(tensors_[index].nbytes));
    write(index, 0, bytes);
  }
  void write(std::string_view name, Bytes bytes) { write(index_of(name), bytes); }

  // The same for a container of elements. Throws Error ST_E_INVALID_ARGUMENT if they have another
  // dtype than the tensor (see dtype_of).
  template <class Container, std::enable_if_t<detail::is_typed_v<Container>, int> = 0>
  void write(std::uint64_t index, std::uint64_t offset, const Container& elements) {
    write(index, offset, checked(index, elements));
  }
  template <class Container, std::enable_if_t<detail::is_typed_v<Container>, int> = 0>
  void write(std::string_view name, std::uint64_t offset, const Container& elements) {
    write(index_of(name), offset, elements);
  }
  template <class Container, std::enable_if_t<detail::is_typed_v<Container>, int> = 0>
  void write(std::uint64_t index, const Container& elements) {
    write(index, checked(index, elements));
  }
  template <class Container, std::enable_if_t<detail::is_typed_v<Container>, int> = 0>
  void write(std::string_view name, const Container& elements) {
    write(index_of(name), elements);
  }

  // Replaces the file at the path. Throws Error ST_E_INCOMPLETE, which names the tensors, while
  // bytes are missing: the Writer can go on. After success or another Error it can only be
  // destroyed. No write may run.
  void commit() {
    st_error error = ST_ERROR_INIT;
    detail::check(st_writer_commit(writer_.get(), &error), error);
  }

  // The C ABI's handle, owned by this Writer.
  st_writer* handle() const noexcept { return writer_.get(); }

 private:
  friend class Builder;

  struct Free {
    void operator()(st_writer* writer) const noexcept { st_writer_free(writer); }
  };

  Writer(st_writer* writer, const std::vector<detail::WriterTensor>& tensors) : writer_(writer) {
    for (const detail::WriterTensor& tensor : tensors)
      add(tensor);
  }

  void add(const detail::WriterTensor& tensor) {
    indices_.emplace(tensor.name, tensors_.size());
    tensors_.push_back(tensor);
  }

  template <class Container>
  Bytes checked(std::uint64_t index, const Container& elements) const {
    if (index < tensors_.size())
      detail::require_stored_as<detail::element_t<Container>>(tensors_[index].dtype);
    return Bytes(elements);
  }

  std::uint64_t index_of(std::string_view name) const {
    const auto found = indices_.find(name);
    if (found == indices_.end())
      throw Error(ST_E_TENSOR_NOT_FOUND, "the writer has no tensor \"" + std::string(name) + "\"");
    return found->second;
  }

  std::map<std::string, std::uint64_t, std::less<>> indices_;
  std::vector<detail::WriterTensor> tensors_;
  std::unique_ptr<st_writer, Free> writer_;
};

}  // namespace safetensors

#endif
