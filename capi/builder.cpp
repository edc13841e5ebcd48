// st_builder: collects tensors and metadata one at a time and saves them.
#include <safetensors/safetensors.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "guard.h"
#include "save_request.h"
#include "set_options.h"

// Deques: appending does not move the elements that the tensors' views refer to.
struct st_builder {
  std::deque<std::string> text;
  std::deque<std::vector<uint64_t>> shapes;
  std::vector<st::TensorToSave> tensors;
  std::vector<st::MetadataEntry> metadata;
};

namespace {

using capi::require;

// Removes the copies that a call has added to the builder, unless it is committed.
class Transaction {
 public:
  explicit Transaction(st_builder* builder) noexcept
      : builder_(builder), text_(builder->text.size()), shapes_(builder->shapes.size()) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (committed_) return;
    while (builder_->text.size() > text_)
      builder_->text.pop_back();
    while (builder_->shapes.size() > shapes_)
      builder_->shapes.pop_back();
  }

  std::string_view copy(std::string_view text) { return builder_->text.emplace_back(text); }
  void commit() noexcept { committed_ = true; }

 private:
  st_builder* builder_;
  std::size_t text_;
  std::size_t shapes_;
  bool committed_ = false;
};

void add(st_builder* builder, const st_save_tensor& given,
         st::TensorToSave (*convert)(const st_save_tensor&) = capi::tensor_of) {
  require(builder != nullptr, "builder is NULL");
  st::TensorToSave tensor = convert(given);
  st::check_tensor(tensor);
  Transaction transaction(builder);
  tensor.name = transaction.copy(tensor.name);
  tensor.shape = builder->shapes.emplace_back(tensor.shape.begin(), tensor.shape.end());
  builder->tensors.push_back(tensor);
  transaction.commit();
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
    add(builder, given);
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
    add(builder, given);
  });
}

st_status st_builder_declare(st_builder* builder, const char* name, uint64_t name_len,
                             uint32_t dtype, const uint64_t* shape, uint64_t rank,
                             st_error* error) {
  return capi::guard(error, [&] {
    add(builder, capi::save_tensor_of(name, name_len, dtype, shape, rank),
        capi::declared_tensor_of);
  });
}

st_status st_builder_add_metadata(st_builder* builder, const char* key, uint64_t key_len,
                                  const char* value, uint64_t value_len, st_error* error) {
  return capi::guard(error, [&] {
    require(builder != nullptr, "builder is NULL");
    const st::MetadataEntry given{capi::text_of(key, key_len, "key"),
                                  capi::text_of(value, value_len, "value")};
    st::check_metadata(given);
    Transaction transaction(builder);
    const std::string_view kept_key = transaction.copy(given.key);
    const std::string_view kept_value = transaction.copy(given.value);
    builder->metadata.push_back({kept_key, kept_value});
    transaction.commit();
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
