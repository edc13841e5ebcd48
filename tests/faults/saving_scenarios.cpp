#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "scenarios.h"
#include "scratch.h"
#include "versions.h"

namespace faults {
namespace {

constexpr char old_bytes[] = "what was there before";
constexpr unsigned char data[24] = "bytes of every tensor";
constexpr std::uint64_t shape[] = {2, 3};

std::int32_t fill(void*, std::uint64_t offset, void* buffer, std::uint64_t nbytes) {
  std::memcpy(buffer, data + offset, nbytes);
  return 0;
}

struct Request {
  st_save_tensor tensors[3];
  st_metadata_entry entry;
  st_save_options options;
};

Request make_request(std::uint32_t durability) {
  Request request{};
  for (int i = 0; i < 3; ++i) {
    st_save_tensor& tensor = request.tensors[i];
    tensor.size = sizeof tensor;
    tensor.dtype = i == 0 ? ST_DTYPE_U8 : ST_DTYPE_F32;
    tensor.name = i == 0 ? "a name longer than a short string" : i == 1 ? "b" : "c";
    tensor.name_len = std::strlen(tensor.name);
    tensor.shape = shape;
    tensor.rank = 2;
    tensor.nbytes = i == 0 ? 6 : 24;
    tensor.data = i == 2 ? nullptr : data;
    tensor.fill = i == 2 ? fill : nullptr;
  }
  request.entry = {sizeof request.entry, 0, "key", 3, "value", 5};
  request.options.size = sizeof request.options;
  request.options.durability = durability;
  request.options.metadata_count = 1;
  return request;
}

template <std::uint32_t durability>
st_status save(st_error* error) {
  Request request = make_request(durability);
  request.options.metadata = &request.entry;
  return st_save("file", request.tensors, 3, &request.options, error);
}

st_status save_over_link(st_error* error) {
  Request request = make_request(ST_DURABILITY_NONE);
  request.options.metadata = &request.entry;
  return st_save("link", request.tensors, 3, &request.options, error);
}

st_status save_through_link(st_error* error) {
  Request request = make_request(ST_DURABILITY_NONE);
  request.options.metadata = &request.entry;
  request.options.link = ST_LINK_FOLLOW;
  return st_save("link", request.tensors, 3, &request.options, error);
}

unsigned char memory[1024];

const std::vector<unsigned char>& expected() {
  static const std::vector<unsigned char> bytes = [] {
    Request request = make_request(ST_DURABILITY_NONE);
    request.options.metadata = &request.entry;
    std::uint64_t size = 0;
    st_save_memory(request.tensors, 3, &request.options, memory, sizeof memory, &size, nullptr);
    return std::vector<unsigned char>(memory, memory + size);
  }();
  return bytes;
}

st_status save_to_memory(st_error* error) {
  Request request = make_request(ST_DURABILITY_NONE);
  request.options.metadata = &request.entry;
  std::memset(memory, 0, sizeof memory);
  return st_save_memory(request.tensors, 3, &request.options, memory, sizeof memory, nullptr,
                        error);
}

st_status build(st_builder* builder, st_error* error) {
  const Request request = make_request(ST_DURABILITY_NONE);
  for (const st_save_tensor& tensor : request.tensors) {
    const st_status status =
        tensor.data ? st_builder_add(builder, tensor.name, tensor.name_len, tensor.dtype, shape, 2,
                                     tensor.data, tensor.nbytes, error)
                    : st_builder_add_fill(builder, tensor.name, tensor.name_len, tensor.dtype,
                                          shape, 2, tensor.nbytes, fill, nullptr, error);
    if (status) return status;
  }
  if (const st_status status = st_builder_add_metadata(builder, "key", 3, "value", 5, error))
    return status;
  std::uint64_t size = 0;
  if (const st_status status = st_builder_save_size(builder, nullptr, &size, error)) return status;
  if (const st_status status =
          st_builder_save_memory(builder, nullptr, memory, sizeof memory, nullptr, error)) {
    return status;
  }
  return st_builder_save(builder, "file", nullptr, error);
}

st_status save_with_builder(st_error* error) {
  st_builder* builder = nullptr;
  st_status status = st_builder_new(&builder, error);
  if (status == ST_OK) status = build(builder, error);
  st_builder_free(builder);
  return status;
}

// A failed call leaves the builder unchanged: it can be repeated.
st_status add_until_it_works(st_error* error) {
  st_builder* builder = nullptr;
  const Request request = make_request(ST_DURABILITY_NONE);
  st_status status = st_builder_new(&builder, error);
  if (status) return status;
  for (int i = 0; i < 3 && status == ST_OK; ++i) {
    const st_save_tensor& tensor = request.tensors[i];
    for (int attempt = 0; attempt < 2; ++attempt) {
      status = st_builder_add_fill(builder, tensor.name, tensor.name_len, tensor.dtype, shape, 2,
                                   tensor.nbytes, fill, nullptr, error);
      if (status == ST_OK) break;
    }
  }
  for (int attempt = 0; attempt < 2 && status == ST_OK; ++attempt) {
    status = st_builder_add_metadata(builder, "key", 3, "value", 5, error);
    if (status == ST_OK) break;
    if (attempt == 0) status = ST_OK;
  }
  if (status == ST_OK) status = st_builder_save(builder, "file", nullptr, error);
  st_builder_free(builder);
  return status;
}

// Calls st_writer_write again if it fails, as a program may.
st_status write_pieces(st_writer* writer, bool repeats, st_error* error) {
  struct Piece {
    std::uint64_t index, offset, nbytes;
  };
  for (const Piece& piece : {Piece{2, 12, 12}, {0, 0, 6}, {1, 0, 24}, {2, 0, 12}}) {
    const auto write = [&] {
      return st_writer_write(writer, piece.index, piece.offset, data + piece.offset, piece.nbytes,
                             error);
    };
    st_status status = write();
    if (status != ST_OK && repeats) status = write();
    if (status != ST_OK) return status;
  }
  return ST_OK;
}

template <std::uint32_t durability, bool repeats>
st_status save_with_writer(st_error* error) {
  Request request = make_request(durability);
  request.options.metadata = &request.entry;
  for (st_save_tensor& tensor : request.tensors) {
    tensor.data = nullptr;
    tensor.fill = nullptr;
    tensor.nbytes = 0;
  }
  st_writer* writer = nullptr;
  st_status status = st_writer_open("file", request.tensors, 3, &request.options, &writer, error);
  if (status == ST_OK) status = write_pieces(writer, repeats, error);
  if (status == ST_OK) status = st_writer_commit(writer, error);
  st_writer_free(writer);
  return status;
}

std::int32_t append_to_memory(void*, std::uint64_t offset, const void* buffer,
                              std::uint64_t nbytes) {
  std::memcpy(memory + offset, buffer, nbytes);
  return 0;
}

st_status save_to_sink(st_error* error) {
  Request request = make_request(ST_DURABILITY_NONE);
  request.options.metadata = &request.entry;
  std::memset(memory, 0, sizeof memory);
  return st_save_io(append_to_memory, nullptr, request.tensors, 3, &request.options, error);
}

void put_nothing() {
  scratch_clear();
}

void put_old() {
  scratch_clear();
  scratch_write("file", old_bytes, sizeof old_bytes);
  ::chmod("file", 0640);
}

// As saves that ran together and were killed leave them.
void put_leftovers() {
  put_old();
  for (const char* suffix : {"", "-rivals", "-0123456789abcdef", "-trash"}) {
    scratch_write((first_temporary_name + std::string(suffix)).c_str(), "left", 4);
  }
}

void put_link() {
  put_old();
  if (::symlink("file", "link") != 0) std::abort();
}

bool has_new() {
  return ::access("file", F_OK) == 0 &&
         scratch_holds("file", expected().data(), expected().size()) != 0;
}
bool has_old() {
  return ::access("file", F_OK) == 0 && scratch_holds("file", old_bytes, sizeof old_bytes) != 0;
}
bool one_new() {
  return scratch_count() == 1 && has_new();
}
bool one_old() {
  return scratch_count() == 1 && has_old();
}
bool old_and_leftovers() {
  return scratch_count() <= 5 && has_old();
}
bool new_and_leftovers() {
  return scratch_count() <= 5 && has_new();
}
bool is_empty() {
  return scratch_count() == 0;
}
bool is_link() {
  struct stat status;
  return ::lstat("link", &status) == 0 && S_ISLNK(status.st_mode);
}
bool replaced_link() {
  return scratch_count() == 2 && !is_link() && has_old() &&
         scratch_holds("link", expected().data(), expected().size()) != 0;
}
bool link_and_new() {
  return scratch_count() == 2 && is_link() && has_new();
}
bool link_and_old() {
  return scratch_count() == 2 && is_link() && has_old();
}
bool memory_is_new() {
  return is_empty() && std::memcmp(memory, expected().data(), expected().size()) == 0;
}

}  // namespace

const Flow saving[] = {
    {"a new file", put_nothing, save<ST_DURABILITY_NONE>, one_new, is_empty},
    {"a file that is replaced", put_old, save<ST_DURABILITY_NONE>, one_new, one_old},
    {"a symbolic link that is replaced", put_link, save_over_link, replaced_link, link_and_old},
    {"a symbolic link that is followed", put_link, save_through_link, link_and_new, link_and_old},
    {"a durable new file", put_nothing, save<ST_DURABILITY_FSYNC>, one_new, is_empty, true},
    {"a durable file that is replaced", put_old, save<ST_DURABILITY_FSYNC>, one_new, one_old, true},
    {"a file beside which killed saves left others", put_leftovers, save<ST_DURABILITY_NONE>,
     new_and_leftovers, old_and_leftovers},
    {"a builder", put_old, save_with_builder, one_new, one_old},
    {"a builder whose calls are repeated", put_old, add_until_it_works, one_new, one_old},
    {"memory", put_nothing, save_to_memory, memory_is_new, is_empty},
    {"a sink", put_nothing, save_to_sink, memory_is_new, is_empty},
    {"a writer of a new file", put_nothing, save_with_writer<ST_DURABILITY_NONE, false>, one_new,
     is_empty},
    {"a writer that replaces a file, whose writes are repeated", put_old,
     save_with_writer<ST_DURABILITY_NONE, true>, one_new, one_old},
    {"a durable writer that replaces a file", put_old, save_with_writer<ST_DURABILITY_FSYNC, false>,
     one_new, one_old, true},
    {"a writer beside whose file killed saves left others", put_leftovers,
     save_with_writer<ST_DURABILITY_NONE, false>, new_and_leftovers, old_and_leftovers},
};
const std::size_t saving_count = sizeof saving / sizeof saving[0];

}  // namespace faults
