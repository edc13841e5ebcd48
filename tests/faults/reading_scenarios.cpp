#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "sample.h"
#include "scenarios.h"
#include "scratch.h"

namespace faults {
namespace {

struct Handles {
  st_file* file = nullptr;
  st_tensor* tensor = nullptr;
  Handles() = default;
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  ~Handles() {
    st_tensor_unref(tensor);
    st_close(file);
  }
};

// What was read is wrong: no status says so.
constexpr st_status wrong = 1000;

st_status look(const st_file* file, st_error* error) {
  for (std::uint64_t i = 0; i < sample_count; ++i) {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    if (const st_status status = st_file_tensor_at(file, ST_ORDER_NAME, i, &info, error))
      return status;
    const sample_tensor& expected = sample_tensors[sample_name_order[i]];
    if (info.name_len != expected.name_len || info.nbytes != expected.nbytes) return wrong;
    if (const st_status status = st_file_find_tensor(file, info.name, info.name_len, &info, error))
      return status;
  }
  const char* value;
  std::uint64_t value_len;
  return st_file_find_metadata(file, "format", 6, &value, &value_len, error);
}

st_status get(const st_file* file, st_error* error) {
  for (const sample_tensor& expected : sample_tensors) {
    const unsigned char* bytes = sample_bytes() + sample_data_offset() + expected.begin;
    unsigned char buffer[64];
    Handles got;
    st_status status = st_get_tensor(file, expected.name, expected.name_len, &got.tensor, error);
    if (status) return status;
    if (std::memcmp(st_tensor_data(got.tensor), bytes, expected.nbytes) != 0) return wrong;
    status = st_read_tensor(file, expected.name, expected.name_len, buffer, sizeof buffer, error);
    if (status) return status;
    if (std::memcmp(buffer, bytes, expected.nbytes) != 0) return wrong;
  }
  return ST_OK;
}

st_status read_parts(const st_file* file, st_error* error) {
  const std::uint64_t starts[] = {0, 1}, stops[] = {2, 3};
  const unsigned char* zeta = sample_bytes() + sample_data_offset() + sample_tensors[1].begin;
  unsigned char buffer[64];
  st_status status =
      st_read_slice(file, "zeta", 4, starts, stops, 2, buffer, sizeof buffer, nullptr, error);
  if (status) return status;
  if (std::memcmp(buffer, zeta + 4, 8) != 0 || std::memcmp(buffer + 8, zeta + 16, 8) != 0)
    return wrong;
  status = st_read_at(file, 8, buffer, 20, error);
  if (status) return status;
  return std::memcmp(buffer, sample_bytes() + 8, 20) == 0 ? ST_OK : wrong;
}

// A file whose path seems to name nothing was not replaced either.
st_status watch(const st_file* file, bool may_be_replaced, st_error* error) {
  std::int32_t replaced = 7;
  if (const st_status status = st_file_is_replaced(file, &replaced, error)) return status;
  if (replaced != 0 && !may_be_replaced) return wrong;
  return st_file_prefetch(file, 0, st_file_size(file), error);
}

st_status use(st_file* file, st_error* error, bool may_be_replaced = false) {
  if (const st_status status = look(file, error)) return status;
  if (const st_status status = get(file, error)) return status;
  if (const st_status status = read_parts(file, error)) return status;
  if (const st_status status = watch(file, may_be_replaced, error)) return status;
  return st_file_verify_unchanged(file, error);
}

template <std::uint32_t backend, std::uint32_t access>
st_status from_file(st_error* error) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  options.backend = backend;
  options.access = access;
  Handles handles;
  if (const st_status status = st_open("sample", &options, &handles.file, error)) return status;
  return use(handles.file, error);
}

int open_descriptor() {
  static const int descriptor = ::open("sample", O_RDONLY | O_CLOEXEC);
  return descriptor;
}

st_file* open_handle() {
  static st_file* const file = open_or_stop("sample", ST_BACKEND_PREAD);
  return file;
}

st_status from_descriptor(st_error* error) {
  Handles handles;
  const st_status status = st_open_fd(open_descriptor(), nullptr, &handles.file, error);
  return status ? status : use(handles.file, error);
}

template <std::uint32_t access>
st_status from_memory(st_error* error) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  options.access = access;
  Handles handles;
  const st_status status = st_open_memory(sample_bytes(), sample_size(), nullptr, nullptr, &options,
                                          &handles.file, error);
  return status ? status : use(handles.file, error);
}

st_status from_memory_copy(st_error* error) {
  Handles handles;
  const st_status status =
      st_open_memory_copy(sample_bytes(), sample_size(), nullptr, &handles.file, error);
  return status ? status : use(handles.file, error);
}

std::int32_t read_sample(void*, std::uint64_t offset, void* buffer, std::uint64_t nbytes) {
  std::memcpy(buffer, sample_bytes() + offset, nbytes);
  return 0;
}

st_status from_callbacks(st_error* error) {
  st_io io{};
  io.size = sizeof io;
  io.nbytes = sample_size();
  io.read_at = read_sample;
  Handles handles;
  const st_status status = st_open_io(&io, nullptr, &handles.file, error);
  return status ? status : use(handles.file, error);
}

// A handle that met failures is as good as before. Other tests replace its file.
st_status again(st_error* error) {
  return use(open_handle(), error, true);
}

st_status refused(st_error* error) {
  Handles handles;
  const st_status status =
      st_open_memory("\x03\0\0\0\0\0\0\0{]}", 11, nullptr, nullptr, nullptr, &handles.file, error);
  return status == ST_E_JSON ? ST_OK : status == ST_OK ? wrong : status;
}

void write_sample() {
  if (::access("sample", F_OK) != 0) sample_write("sample");
}

// A set of two shards: the sample, and a file with the tensor "other".
void write_set() {
  static const char index[] =
      "{\"metadata\":{},\"weight_map\":{\"other\":\"b.safetensors\",\"alpha\":\"a.safetensors\","
      "\"zeta\":\"a.safetensors\",\"\":\"a.safetensors\",\"nul\\u0000inside\":\"a.safetensors\","
      "\"nothing\":\"a.safetensors\",\"\xC3\xA9\\n\":\"./a.safetensors\"}}";
  write_sample();
  if (::access("set", F_OK) == 0) return;
  ::mkdir("set", 0777);
  sample_write("set/a.safetensors");
  std::uint64_t size = 0;
  unsigned char* const bytes =
      file_bytes("{\"other\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}", 3, &size);
  scratch_write("set/b.safetensors", bytes, size);
  std::free(bytes);
  scratch_write("set/model.safetensors.index.json", index, sizeof index - 1);
}

template <bool by_index, std::uint32_t backend>
st_status from_set(st_error* error) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  options.backend = backend;
  Handles handles;
  const char* const path = by_index ? "set/model.safetensors.index.json" : "set";
  st_status status = st_open_set(path, &options, &handles.file, error);
  if (status) return status;
  if (const st_status failed = get(handles.file, error)) return failed;
  unsigned char buffer[8];
  status = st_read_tensor(handles.file, "other", 5, buffer, sizeof buffer, error);
  if (status) return status;
  if (const st_status failed = watch(handles.file, false, error)) return failed;
  return st_file_verify_unchanged(handles.file, error);
}

// What stays open over all runs of a flow is opened before anything is counted.
void write_and_open() {
  write_sample();
  open_descriptor();
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_file_tensor_at(open_handle(), ST_ORDER_NAME, 0, &info,
                    nullptr);  // the handle keeps the order it sorts once
}

bool always() {
  return scratch_holds("sample", sample_bytes(), sample_size()) != 0;
}

}  // namespace

const Flow reading[] = {
    {"a mapped file", write_sample, from_file<ST_BACKEND_MMAP, ST_ACCESS_READ_ONLY>, always,
     always},
    {"a file mapped copy-on-write", write_sample, from_file<ST_BACKEND_MMAP, ST_ACCESS_WRITABLE>,
     always, always},
    {"a file that is read", write_sample, from_file<ST_BACKEND_PREAD, ST_ACCESS_READ_ONLY>, always,
     always},
    {"whichever suits", write_sample, from_file<ST_BACKEND_AUTO, ST_ACCESS_READ_ONLY>, always,
     always},
    {"a descriptor", write_and_open, from_descriptor, always, always},
    {"a handle that is open", write_and_open, again, always, always},
    {"borrowed memory", write_sample, from_memory<ST_ACCESS_READ_ONLY>, always, always},
    {"borrowed memory, writable tensors", write_sample, from_memory<ST_ACCESS_WRITABLE>, always,
     always},
    {"copied memory", write_sample, from_memory_copy, always, always},
    {"callbacks", write_sample, from_callbacks, always, always},
    {"a mapped set", write_set, from_set<false, ST_BACKEND_MMAP>, always, always},
    {"a set that is read", write_set, from_set<true, ST_BACKEND_PREAD>, always, always},
    {"a file that is refused", write_sample, refused, always, always},
};
const std::size_t reading_count = sizeof reading / sizeof reading[0];

}  // namespace faults
