// st_open and its variants.
#include <safetensors/safetensors.h>

#include <memory>

#include "error.h"
#include "guard.h"
#include "handles.h"
#include "io/platform.h"
#include "open_set.h"
#include "releaser.h"
#include "structs.h"

namespace {

using capi::require;

struct OpenOptions : st::OpenSetOptions {
  st::Unaligned unaligned = st::Unaligned::allow;
};

OpenOptions options_of(const st_open_options* given) {
  OpenOptions options;
  if (!given) return options;
  const auto fields = capi::read_struct<st_open_options>(given);
  options.backend = capi::enum_value(fields.backend, st::Backend::pread, "backend");
  options.access = capi::enum_value(fields.access, st::Access::writable, "access");
  options.header.strictness =
      capi::enum_value(fields.strictness, st::Strictness::strict, "strictness");
  options.policy = capi::enum_value(fields.set_policy, st::SetPolicy::all, "set_policy");
  options.unaligned = capi::enum_value(fields.unaligned, st::Unaligned::copy, "unaligned");
  require(fields.max_header_size <= st::max_header_size,
          "max_header_size exceeds the format's limit of 100,000,000 bytes");
  if (fields.max_header_size != 0) options.header.max_size = fields.max_header_size;
  return options;
}

void clear(st_file** file) {
  require(file != nullptr, "file is NULL");
  *file = nullptr;
}

st_file* make_file(st::File file, const OpenOptions& options) {
  file.unaligned = options.unaligned;
  return std::make_unique<st_file>(std::move(file)).release();
}

st_file* make_file(std::shared_ptr<const st::Source> source, const OpenOptions& options) {
  return make_file(st::open_file(std::move(source), options.header), options);
}

}  // namespace

st_status st_open(const char* path, const st_open_options* options, st_file** file,
                  st_error* error) {
  return capi::guard(
      error, [&] { clear(file); },
      [&] {
        require(path != nullptr, "path is NULL");
        const OpenOptions parsed = options_of(options);
        *file = make_file(
            st::open_named_file(st::open_path(path, parsed.backend, parsed.access), parsed.header),
            parsed);
      });
}

#if defined(__ELF__) && !defined(ST_STATIC)
// The same function with the symbol st_open; see ST_SYMBOL in safetensors.h. The static library
// does not have it: a program that defines its own st_open could not be linked.
extern "C" ST_API st_status st_open_alias(const char*, const st_open_options*, st_file**,
                                          st_error*) __asm__("st_open")
    __attribute__((alias("st_open_file")));
#endif

st_status st_open_fd(int fd, const st_open_options* options, st_file** file, st_error* error) {
  return capi::guard(
      error, [&] { clear(file); },
      [&] {
        const OpenOptions parsed = options_of(options);
        *file = make_file(st::open_descriptor(fd, parsed.backend, parsed.access), parsed);
      });
}

st_status st_open_memory(const void* bytes, uint64_t nbytes, st_release_fn release, void* user_data,
                         const st_open_options* options, st_file** file, st_error* error) {
  return capi::guard(
      error, [&] { clear(file); },
      [&] {
        require(bytes != nullptr || nbytes == 0, "bytes is NULL");
        const OpenOptions parsed = options_of(options);
        const auto releaser = std::make_shared<capi::Releaser>();
        *file = make_file(st::borrow_memory(bytes, nbytes, releaser, parsed.access), parsed);
        releaser->arm(release, user_data);
      });
}

st_status st_open_memory_copy(const void* bytes, uint64_t nbytes, const st_open_options* options,
                              st_file** file, st_error* error) {
  return capi::guard(
      error, [&] { clear(file); },
      [&] {
        require(bytes != nullptr || nbytes == 0, "bytes is NULL");
        const OpenOptions parsed = options_of(options);
        *file = make_file(st::copy_memory(bytes, nbytes, parsed.access), parsed);
      });
}

st_status st_open_io(const st_io* io, const st_open_options* options, st_file** file,
                     st_error* error) {
  return capi::guard(
      error, [&] { clear(file); },
      [&] {
        require(io != nullptr, "io is NULL");
        const auto given = capi::read_struct<st_io>(io);
        require(given.reserved == 0, "st_io.reserved is not 0");
        require(given.read_at != nullptr, "st_io.read_at is NULL");
        const OpenOptions parsed = options_of(options);
        const auto releaser = std::make_shared<capi::Releaser>();
        *file =
            make_file(st::open_callbacks({given.nbytes, given.user_data, given.read_at, releaser},
                                         parsed.access),
                      parsed);
        releaser->arm(given.release, given.user_data);
      });
}

st_status st_open_set(const char* path, const st_open_options* options, st_file** file,
                      st_error* error) {
  return capi::guard(
      error, [&] { clear(file); },
      [&] {
        require(path != nullptr, "path is NULL");
        const OpenOptions parsed = options_of(options);
        *file = make_file(st::open_set(path, parsed), parsed);
      });
}
