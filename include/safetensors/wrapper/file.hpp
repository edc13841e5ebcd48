// File: opens a file, queries its header and reads its tensors.
#ifndef SAFETENSORS_WRAPPER_FILE_HPP
#define SAFETENSORS_WRAPPER_FILE_HPP

#include <safetensors/wrapper/convert.hpp>
#include <safetensors/wrapper/file_properties.hpp>
#include <safetensors/wrapper/io.hpp>
#include <safetensors/wrapper/metadata.hpp>
#include <safetensors/wrapper/open_options.hpp>
#include <safetensors/wrapper/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace safetensors {

// A validated safetensors file. Tensor data is read when it is requested.
class File {
 public:
  // Opens a file; follows symbolic links. Throws Error: ST_E_NOT_FOUND, ST_E_PERMISSION,
  // ST_E_NOT_REGULAR, ST_E_IO, and every ST_E_ of the file format.
  static File open(const std::filesystem::path& path, const OpenOptions& options = {}) {
    return make(options, [&](auto* opts, auto** file, auto* error) {
      return st_open(detail::c_path(path), opts, file, error);
    });
  }

  // Opens a set, a model in one or more files: `path` is an index (model.safetensors.index.json), a
  // directory, or one file. The File has the tensors of all shards, and file offsets count in the
  // concatenation of the shards; see st_open_set. Throws Error as open, and ST_E_SET_INDEX,
  // ST_E_SET_PATH, ST_E_SET_SHARD_MISSING, ST_E_SET_TENSOR_MISSING, ST_E_SET_AMBIGUOUS.
  static File open_set(const std::filesystem::path& path, const OpenOptions& options = {}) {
    return make(options, [&](auto* opts, auto** file, auto* error) {
      return st_open_set(detail::c_path(path), opts, file, error);
    });
  }

  // Opens a descriptor of a regular file, which is duplicated and remains the caller's.
  static File open_fd(int fd, const OpenOptions& options = {}) {
    return make(options, [&](auto* opts, auto** file, auto* error) {
      return st_open_fd(fd, opts, file, error);
    });
  }

  // Opens memory without copying it: `bytes` must outlive the File and every Tensor got from it.
  static File from_memory(Bytes bytes, const OpenOptions& options = {}) {
    return make(options, [&](auto* opts, auto** file, auto* error) {
      return st_open_memory(bytes.data(), bytes.size(), nullptr, nullptr, opts, file, error);
    });
  }

  // Opens memory that `owner` keeps valid; the File and its Tensors share the ownership.
  static File from_memory(std::shared_ptr<const void> owner, Bytes bytes,
                          const OpenOptions& options = {}) {
    using Owner = std::shared_ptr<const void>;
    auto kept = std::make_unique<Owner>(std::move(owner));
    const auto release = [](void* held) { delete static_cast<Owner*>(held); };
    File result = make(options, [&](auto* opts, auto** file, auto* error) {
      return st_open_memory(bytes.data(), bytes.size(), release, kept.get(), opts, file, error);
    });
    static_cast<void>(kept.release());
    return result;
  }

  // Opens a container without a copy and takes ownership of it: from_memory(std::move(bytes)).
  template <class Container, std::enable_if_t<detail::is_owned_container_v<Container>, int> = 0>
  static File from_memory(Container&& bytes, const OpenOptions& options = {}) {
    auto owner = std::make_shared<const Container>(std::move(bytes));
    const Bytes view(*owner);
    return from_memory(std::move(owner), view, options);
  }

  // Opens a copy of the bytes.
  static File from_copy(Bytes bytes, const OpenOptions& options = {}) {
    return make(options, [&](auto* opts, auto** file, auto* error) {
      return st_open_memory_copy(bytes.data(), bytes.size(), opts, file, error);
    });
  }

  // Opens a file of `nbytes` bytes that `read_at` reads: an archive member, an object in a store.
  // It is called on the thread that uses this File, by several threads at once if they use it at
  // once, and never for bytes beyond the end. The call that reads rethrows what it throws.
  static File from_io(std::uint64_t nbytes, ReadAt read_at, const OpenOptions& options = {}) {
    auto io = std::make_unique<detail::Io>(std::move(read_at));
    st_io c_io = ST_IO_INIT;
    c_io.nbytes = nbytes;
    c_io.read_at = detail::Io::on_read;
    c_io.release = detail::Io::on_release;
    c_io.user_data = io.get();
    File result = make(
        options,
        [&](auto* opts, auto** file, auto* error) { return st_open_io(&c_io, opts, file, error); },
        io.get());
    result.io_ = io.release();
    return result;
  }

  // Takes ownership of a reference to a handle of the C ABI.
  explicit File(st_file* owned) noexcept : handle_(owned) {}

  // Number of tensors.
  std::uint64_t size() const noexcept { return st_file_tensor_count(handle()); }

  // All tensors, by file offset or by the bytes of the name.
  std::vector<TensorInfo> tensors(Order order = Order::File) const& {
    std::vector<TensorInfo> all;
    all.reserve(size());
    st_error error = ST_ERROR_INIT;
    for (std::uint64_t index = 0; index < size(); ++index) {
      st_tensor_info info = ST_TENSOR_INFO_INIT;
      detail::check(
          st_file_tensor_at(handle(), static_cast<std::uint32_t>(order), index, &info, &error),
          error);
      all.push_back(TensorInfo(info));
    }
    return all;
  }
  std::vector<TensorInfo> tensors(Order order = Order::File) const&& = delete;

  // The tensor with this name, if the file has it.
  std::optional<TensorInfo> find(std::string_view name) const& {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    const st_status status =
        st_file_find_tensor(handle(), name.data(), name.size(), &info, nullptr);
    if (status != ST_OK) return std::nullopt;
    return TensorInfo(info);
  }
  std::optional<TensorInfo> find(std::string_view name) const&& = delete;

  bool contains(std::string_view name) const noexcept {
    return st_file_has_tensor(handle(), name.data(), name.size()) != 0;
  }

  // The tensor with this name and its bytes: without a copy from a mapping or memory, else read.
  // Throws Error: ST_E_TENSOR_NOT_FOUND, ST_E_TRUNCATED, ST_E_IO, ST_E_NO_MEMORY.
  Tensor get(std::string_view name) const {
    st_tensor* tensor = nullptr;
    st_error error = ST_ERROR_INIT;
    check(st_get_tensor(handle(), name.data(), name.size(), &tensor, &error), error);
    return Tensor(tensor);
  }

  // Reads a tensor's bytes into the caller's memory. If it throws, the content of the buffer is
  // unspecified. Errors: as get, and ST_E_BUFFER_TOO_SMALL.
  void read_into(std::string_view name, MutableBytes buffer) const {
    st_error error = ST_ERROR_INIT;
    check(st_read_tensor(handle(), name.data(), name.size(), buffer.data(), buffer.size(), &error),
          error);
  }

  // Reads a tensor's elements. T as in Tensor::as; the alignment in the file does not matter.
  template <class T>
  std::vector<T> read(std::string_view name) const {
    const TensorInfo info = require(name);
    detail::require_element_of<T>(info.dtype);
    std::vector<T> elements(info.nbytes / sizeof(T));
    read_into(name, elements);
    return elements;
  }

  // Reads a tensor of any floating-point dtype and converts its elements to float or double,
  // exactly: see convert.
  template <class T>
  std::vector<T> read_as(std::string_view name) const {
    const TensorInfo info = require(name);
    std::vector<std::byte> bytes(info.nbytes);
    read_into(name, bytes);
    return converted<T>(info.dtype, bytes);
  }

  // Reads a slice of a tensor into the caller's memory, dense, in row-major order: one Slice per
  // dimension, and all of the dimensions after those. Returns its size in bytes. Errors: as
  // read_into; ST_E_INVALID_ARGUMENT for too many slices; ST_E_OUT_OF_RANGE unless begin <= end <=
  // extent; ST_E_SUBBYTE if a contiguous run is not a whole number of bytes.
  std::uint64_t read_slice_into(std::string_view name, Span<const Slice> slices,
                                MutableBytes buffer) const {
    const Span<const std::uint64_t> shape = require(name).shape;
    const std::size_t rank = std::max(shape.size(), slices.size());
    std::vector<std::uint64_t> bounds(2 * rank + 1);
    for (std::size_t d = 0; d < rank; ++d) {
      const Slice slice = d < slices.size() ? slices[d] : Slice{};
      const bool whole = slice.end == Slice::last && d < shape.size();
      bounds[d] = slice.begin;
      bounds[rank + d] = whole ? shape[d] : slice.end;
    }
    std::uint64_t nbytes = 0;
    st_error error = ST_ERROR_INIT;
    check(st_read_slice(handle(), name.data(), name.size(), bounds.data(), bounds.data() + rank,
                        rank, buffer.data(), buffer.size(), &nbytes, &error),
          error);
    return nbytes;
  }

  // Reads a slice as elements: file.read_slice<float>("w", {{0, 10}, {64, 128}}) or, with all of
  // the first dimension, file.read_slice<float>("w", {{}, {64, 128}}).
  template <class T>
  std::vector<T> read_slice(std::string_view name, Span<const Slice> slices) const {
    detail::require_element_of<T>(require(name).dtype);
    std::vector<T> elements(read_slice_into(name, slices, MutableBytes()) / sizeof(T));
    if (!elements.empty()) read_slice_into(name, slices, elements);
    return elements;
  }

  // Reads a slice and converts its elements, as read_as does.
  template <class T>
  std::vector<T> read_slice_as(std::string_view name, Span<const Slice> slices) const {
    std::vector<std::byte> bytes(read_slice_into(name, slices, MutableBytes()));
    if (!bytes.empty()) read_slice_into(name, slices, bytes);
    return converted<T>(require(name).dtype, bytes);
  }

  // The file's __metadata__.
  Metadata metadata() const {
    Metadata all;
    st_error error = ST_ERROR_INIT;
    for (std::uint64_t index = 0; index < st_file_metadata_count(handle()); ++index) {
      st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
      detail::check(st_file_metadata_at(handle(), index, &entry, &error), error);
      all.emplace_hint(all.end(), std::string(entry.key, entry.key_len),
                       std::string(entry.value, entry.value_len));
    }
    return all;
  }

  // The value of one key, if the file has it.
  std::optional<std::string> metadata(std::string_view key) const {
    const char* value = nullptr;
    std::uint64_t length = 0;
    const st_status status =
        st_file_find_metadata(handle(), key.data(), key.size(), &value, &length, nullptr);
    return status == ST_OK ? std::optional(std::string(value, length)) : std::nullopt;
  }

  // Form of the header's __metadata__: for SaveOptions, to write a copy with the same bytes.
  MetadataForm metadata_form() const noexcept {
    return static_cast<MetadataForm>(st_file_metadata_form(handle()));
  }

  // Byte range of a metadata value in the file: the JSON string between its quotes. Throws Error
  // ST_E_METADATA_NOT_FOUND.
  ByteRange metadata_range(std::string_view key) const {
    ByteRange range;
    st_error error = ST_ERROR_INIT;
    check(st_file_metadata_range(handle(), key.data(), key.size(), &range.file_offset,
                                 &range.nbytes, &error),
          error);
    return range;
  }

  // The files of a set, in the order of their offsets: one for a file that is not from open_set.
  std::vector<Shard> shards() const {
    std::vector<Shard> all;
    st_error error = ST_ERROR_INIT;
    for (std::uint64_t index = 0; index < st_shard_count(handle()); ++index) {
      st_shard shard = ST_SHARD_INIT;
      detail::check(st_shard_at(handle(), index, &shard, &error), error);
      all.push_back({shard.path, shard.first_offset, shard.nbytes, shard.tensor_count});
    }
    return all;
  }

  // Where a tensor's bytes are, for programs that read them with I/O of their own. Throws Error
  // ST_E_TENSOR_NOT_FOUND.
  Location location(std::string_view name) const {
    st_location found = ST_LOCATION_INIT;
    st_error error = ST_ERROR_INIT;
    check(st_tensor_location(handle(), name.data(), name.size(), &found, &error), error);
    return {found.fd, found.shard, found.path, found.file_offset, found.nbytes};
  }

  // The JSON text of the "metadata" of a set's index, if it has one.
  std::optional<std::string> index_metadata() const {
    const char* text = nullptr;
    std::uint64_t length = 0;
    const st_status status = st_file_index_metadata(handle(), &text, &length, nullptr);
    return status == ST_OK ? std::optional(std::string(text, length)) : std::nullopt;
  }

  // Fills `buffer` with the bytes of the file from `file_offset`. Throws Error ST_E_OUT_OF_RANGE,
  // ST_E_TRUNCATED, ST_E_IO.
  void read_at(std::uint64_t file_offset, MutableBytes buffer) const {
    st_error error = ST_ERROR_INIT;
    check(st_read_at(handle(), file_offset, buffer.data(), buffer.size(), &error), error);
  }

  // Starts to read bytes of the file into the page cache, all of them or those of a tensor, and
  // does not wait for them: later reads, and accesses to mapped bytes, find them in memory. Does
  // nothing for memory and from_io. Throws Error ST_E_TENSOR_NOT_FOUND, ST_E_OUT_OF_RANGE, and as
  // open for a shard of a set that cannot be opened again.
  void prefetch() const { prefetch(0, nbytes()); }
  void prefetch(std::string_view name) const {
    const TensorInfo info = require(name);
    prefetch(info.file_offset, info.nbytes);
  }
  void prefetch(std::uint64_t file_offset, std::uint64_t nbytes) const {
    st_error error = ST_ERROR_INIT;
    detail::check(st_file_prefetch(handle(), file_offset, nbytes, &error), error);
  }

  // Size of the file in bytes, and the offset of its tensor data.
  std::uint64_t nbytes() const noexcept { return st_file_size(handle()); }
  std::uint64_t data_offset() const noexcept { return st_file_data_offset(handle()); }

  // Whether tensor bytes are pages of the file.
  bool is_mapped() const noexcept { return st_file_is_mapped(handle()) != 0; }

  // Identity of the file, as it was opened.
  Identity identity() const {
    st_identity identity = ST_IDENTITY_INIT;
    st_error error = ST_ERROR_INIT;
    detail::check(st_file_identity(handle(), &identity, &error), error);
    return {identity.device, identity.inode, identity.nbytes, identity.header_nbytes};
  }

  // Throws Error ST_E_TRUNCATED or ST_E_CHANGED if the file's size or modification time differs
  // from when it was opened. Memory and from_io never change. A file that was replaced by rename,
  // as Builder::save does, counts as unchanged: this File still refers to the old file.
  void verify_unchanged() const {
    st_error error = ST_ERROR_INIT;
    detail::check(st_file_verify_unchanged(handle(), &error), error);
  }

  // Whether another file has taken the path from which this one was opened, as Builder::save does:
  // a server calls it at intervals, and opens the path again. A path that names nothing has not
  // been taken; a relative one remains that of the working directory when the file was opened. Of a
  // set, the index and every shard count; see st_file_is_replaced. Always false for descriptors,
  // memory and from_io. Throws Error ST_E_PERMISSION, ST_E_IO.
  bool is_replaced() const {
    std::int32_t replaced = 0;
    st_error error = ST_ERROR_INIT;
    detail::check(st_file_is_replaced(handle(), &replaced, &error), error);
    return replaced != 0;
  }

  // The C ABI's handle, owned by this File.
  st_file* handle() const noexcept { return handle_.get(); }

 private:
  template <class Open>
  static File make(const OpenOptions& options, Open open, detail::Io* io = nullptr) {
    const st_open_options c_options = detail::c_options(options);
    st_file* file = nullptr;
    st_error error = ST_ERROR_INIT;
    check(open(&c_options, &file, &error), error, io);
    return File(file);
  }

  TensorInfo require(std::string_view name) const {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    st_error error = ST_ERROR_INIT;
    detail::check(st_file_find_tensor(handle(), name.data(), name.size(), &info, &error), error);
    return TensorInfo(info);
  }

  template <class T>
  static std::vector<T> converted(Dtype dtype, Bytes bytes) {
    std::vector<T> elements(bytes.size() * 8 / dtype_bits(dtype));
    convert(dtype, bytes, Span<T>(elements));
    return elements;
  }

  static void check(st_status status, const st_error& error, detail::Io* io) {
    if (status == ST_E_IO && io)
      if (auto thrown = io->take()) std::rethrow_exception(thrown);
    detail::check(status, error);
  }
  void check(st_status status, const st_error& error) const { check(status, error, io_); }

  detail::Handle<st_file, st_file_ref, st_close> handle_;
  detail::Io* io_ = nullptr;  // owned by the handle
};

}  // namespace safetensors

#endif
