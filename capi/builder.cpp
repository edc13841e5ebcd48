// st_builder: collects tensors and metadata one at a time and saves them.
#include "builder.h"

#include <cstring>
#include <utility>

#include "guard.h"
#include "io/platform.h"
#include "save_request.h"
#include "set_options.h"

// Removes what a call has added to the builder, unless it is committed.
class st_builder::Transaction {
 public:
  explicit Transaction(st_builder* builder) noexcept
      : builder_(builder),
        text_(builder->text_.size()),
        shapes_(builder->shapes_.size()),
        owners_(builder->owners_.size()) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (committed_) return;
    while (builder_->text_.size() > text_)
      builder_->text_.pop_back();
    while (builder_->shapes_.size() > shapes_)
      builder_->shapes_.pop_back();
    while (builder_->owners_.size() > owners_)
      builder_->owners_.pop_back();
  }

  std::string_view copy(std::string_view text) { return builder_->text_.emplace_back(text); }
  void commit() noexcept { committed_ = true; }

 private:
  st_builder* builder_;
  std::size_t text_;
  std::size_t shapes_;
  std::size_t owners_;
  bool committed_ = false;
};

void st_builder::add(st::TensorToSave tensor, std::shared_ptr<const void> owner) {
  st::check_tensor(tensor);
  Transaction transaction(this);
  tensor.name = transaction.copy(tensor.name);
  tensor.shape = shapes_.emplace_back(tensor.shape.begin(), tensor.shape.end());
  if (owner) owners_.push_back(std::move(owner));
  tensors.push_back(tensor);
  transaction.commit();
}

void st_builder::add_metadata(const st::MetadataEntry& entry) {
  st::check_metadata(entry);
  Transaction transaction(this);
  const std::string_view key = transaction.copy(entry.key);
  const std::string_view value = transaction.copy(entry.value);
  metadata.push_back({key, value});
  transaction.commit();
}

namespace {

using capi::require;

st_builder& valid(st_builder* builder) {
  require(builder != nullptr, "builder is NULL");
  return *builder;
}

capi::SaveRequest request_of(const st_builder* builder, const st_save_options* options) {
  require(builder != nullptr, "builder is NULL");
  return {builder->tensors, options, builder->metadata};
}

}  // namespace

st_status st_builder_new(st_builder** builder, st_error* error) {
  const auto clear = [&] {
    require(builder != nullptr, "builder is NULL");
    *builder = nullptr;
  };
  return capi::guard(error, clear, [&] { *builder = std::make_unique<st_builder>().release(); });
}

void st_builder_free(st_builder* builder) {
  const st::CallScope scope;
  delete builder;
}

st_status st_builder_add(st_builder* builder, const char* name, uint64_t name_len, uint32_t dtype,
                         const uint64_t* shape, uint64_t rank, const void* data, uint64_t nbytes,
                         st_error* error) {
  return capi::guard(error, [&] {
    st_save_tensor given = capi::save_tensor_of(name, name_len, dtype, shape, rank);
    given.data = data;
    given.nbytes = nbytes;
    valid(builder).add(capi::tensor_of(given));
  });
}

st_status st_builder_add_copy(st_builder* builder, const char* name, uint64_t name_len,
                              uint32_t dtype, const uint64_t* shape, uint64_t rank,
                              const void* data, uint64_t nbytes, st_error* error) {
  return capi::guard(error, [&] {
    st_save_tensor given = capi::save_tensor_of(name, name_len, dtype, shape, rank);
    given.data = data;
    given.nbytes = nbytes;
    st::TensorToSave tensor = capi::tensor_of(given);
    st::check_tensor(tensor);
    const st::Bytes copy = st::allocate_bytes(nbytes);
    if (nbytes > 0) std::memcpy(copy.writable, data, static_cast<std::size_t>(nbytes));
    tensor.data = copy.data;
    valid(builder).add(tensor, copy.owner);
  });
}

st_status st_builder_add_fill(st_builder* builder, const char* name, uint64_t name_len,
                              uint32_t dtype, const uint64_t* shape, uint64_t rank, uint64_t nbytes,
                              st_fill_fn fill, void* user_data, st_error* error) {
  return capi::guard(error, [&] {
    st_save_tensor given = capi::save_tensor_of(name, name_len, dtype, shape, rank);
    given.nbytes = nbytes;
    given.fill = fill;
    given.user_data = user_data;
    valid(builder).add(capi::tensor_of(given));
  });
}

st_status st_builder_declare(st_builder* builder, const char* name, uint64_t name_len,
                             uint32_t dtype, const uint64_t* shape, uint64_t rank,
                             st_error* error) {
  return capi::guard(error, [&] {
    valid(builder).add(
        capi::declared_tensor_of(capi::save_tensor_of(name, name_len, dtype, shape, rank)));
  });
}

st_status st_builder_add_metadata(st_builder* builder, const char* key, uint64_t key_len,
                                  const char* value, uint64_t value_len, st_error* error) {
  return capi::guard(error, [&] {
    valid(builder).add_metadata(
        {capi::text_of(key, key_len, "key"), capi::text_of(value, value_len, "value")});
  });
}

st_status st_builder_save(const st_builder* builder, const char* path,
                          const st_save_options* options, st_error* error) {
  return capi::guard(error, [&] { request_of(builder, options).save(path); });
}

st_status st_builder_save_size(const st_builder* builder, const st_save_options* options,
                               uint64_t* nbytes, st_error* error) {
  const auto clear = [&] {
    require(nbytes != nullptr, "nbytes is NULL");
    *nbytes = 0;
  };
  return capi::guard(error, clear, [&] { *nbytes = request_of(builder, options).size(); });
}

st_status st_builder_save_memory(const st_builder* builder, const st_save_options* options,
                                 void* buffer, uint64_t buffer_size, uint64_t* nbytes,
                                 st_error* error) {
  const auto clear = [&] {
    if (nbytes) *nbytes = 0;
  };
  return capi::guard(error, clear, [&] {
    const uint64_t written = request_of(builder, options).save_memory(buffer, buffer_size);
    if (nbytes) *nbytes = written;
  });
}

st_status st_builder_save_io(const st_builder* builder, st_write_fn write, void* user_data,
                             const st_save_options* options, st_error* error) {
  return capi::guard(error, [&] { request_of(builder, options).save_io(write, user_data); });
}

st_status st_builder_open_writer(const st_builder* builder, const char* path,
                                 const st_save_options* options, st_writer** writer,
                                 st_error* error) {
  const auto clear = [&] {
    require(writer != nullptr, "writer is NULL");
    *writer = nullptr;
  };
  return capi::guard(error, clear,
                     [&] { *writer = request_of(builder, options).open_writer(path); });
}

st_status st_builder_save_set(const st_builder* builder, const char* directory,
                              const st_set_options* set, const st_save_options* options,
                              st_error* error) {
  return capi::guard(error, [&] {
    require(builder != nullptr, "builder is NULL");
    require(directory != nullptr, "directory is NULL");
    st::save_set(directory, builder->tensors, capi::set_options_of(set).set,
                 capi::save_options_of(options, builder->metadata));
  });
}
