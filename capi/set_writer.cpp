// st_set_writer: writes a set one tensor at a time.
#include "set_writer.h"

#include <safetensors/safetensors.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

#include "guard.h"
#include "save_request.h"
#include "set_options.h"

struct st_set_writer {
  st::SetWriter writer;
};

namespace {

using capi::require;

std::int32_t no_bytes(void*, std::uint64_t, void*, std::uint64_t) {
  throw std::invalid_argument("data is NULL, and the kept tensor has another dtype or shape");
}

void add(st_set_writer* writer, st_save_tensor given) {
  require(writer != nullptr, "writer is NULL");
  const bool is_kept = st_set_writer_has_tensor(writer, given.name, given.name_len) != 0;
  if (!given.data && !given.fill && is_kept) given.fill = no_bytes;
  writer->writer.add(capi::tensor_of(given));
}

}  // namespace

st_status st_set_writer_open(const char* directory, const st_set_options* set,
                             const st_save_options* options, st_set_writer** writer,
                             st_error* error) {
  const auto clear = [&] {
    require(writer != nullptr, "writer is NULL");
    *writer = nullptr;
  };
  return capi::guard(error, clear, [&] {
    require(directory != nullptr, "directory is NULL");
    const capi::SetOptions converted = capi::set_options_of(set);
    require(converted.set.split == st::Split::hub,
            "split is not ST_SPLIT_HUB, the only one for st_set_writer");
    const st::ShardOptions shards = capi::save_options_of(options);
    std::unique_ptr<st_set_writer> made(
        new st_set_writer{{directory, converted.set, shards, converted.resume}});
    *writer = made.release();
  });
}

st_status st_set_writer_add(st_set_writer* writer, const char* name, uint64_t name_len,
                            uint32_t dtype, const uint64_t* shape, uint64_t rank, const void* data,
                            uint64_t nbytes, st_error* error) {
  return capi::guard(error, [&] {
    st_save_tensor given = capi::save_tensor_of(name, name_len, dtype, shape, rank);
    given.data = data;
    given.nbytes = nbytes;
    add(writer, given);
  });
}

st_status st_set_writer_add_fill(st_set_writer* writer, const char* name, uint64_t name_len,
                                 uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                 uint64_t nbytes, st_fill_fn fill, void* user_data,
                                 st_error* error) {
  return capi::guard(error, [&] {
    st_save_tensor given = capi::save_tensor_of(name, name_len, dtype, shape, rank);
    given.nbytes = nbytes;
    given.fill = fill;
    given.user_data = user_data;
    add(writer, given);
  });
}

int32_t st_set_writer_has_tensor(const st_set_writer* writer, const char* name, uint64_t name_len) {
  if (!writer || (!name && name_len != 0)) return 0;
  return writer->writer.has_tensor({name, static_cast<std::size_t>(name_len)}) ? 1 : 0;
}

st_status st_set_writer_commit(st_set_writer* writer, st_error* error) {
  return capi::guard(error, [&] {
    require(writer != nullptr, "writer is NULL");
    writer->writer.commit();
  });
}

void st_set_writer_free(st_set_writer* writer) {
  const st::CallScope scope;
  delete writer;
}
