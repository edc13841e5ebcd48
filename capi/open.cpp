#include <safetensors/safetensors.h>

#include <memory>

#include "error.h"
#include "guard.h"
#include "handles.h"
#include "io/platform.h"
#include "structs.h"

namespace {

using capi::require;

struct OpenOptions {
  st::Backend backend = st::Backend::automatic;
  st::Access access = st::Access::read_only;
  bool copy_memory = false;
  st::HeaderOptions header;
};

OpenOptions options_of(const st_open_options* options) {
  OpenOptions converted;
  if (!options) return converted;
  capi::check_input(*options, "st_open_options");
  converted.backend = capi::enum_value(options->backend, st::Backend::pread, "backend");
  converted.access = capi::enum_value(options->mapping, st::Access::writable, "mapping");
  converted.header.strictness =
      capi::enum_value(options->strictness, st::Strictness::strict, "strictness");
  require(options->memory <= ST_MEMORY_COPY,
          "memory is neither ST_MEMORY_BORROW nor ST_MEMORY_COPY");
  converted.copy_memory = options->memory == ST_MEMORY_COPY;
  require(options->reserved == 0, "st_open_options.reserved is not 0");
  require(options->max_header_size <= st::max_header_size,
          "max_header_size is over the format's own limit of 100,000,000 bytes");
  if (options->max_header_size != 0) converted.header.max_size = options->max_header_size;
  return converted;
}

// Calls the caller's release function, but only once armed: a call that fails leaves it uncalled.
class Releaser {
 public:
  Releaser() = default;
  Releaser(const Releaser&) = delete;
  Releaser& operator=(const Releaser&) = delete;
  ~Releaser() {
    if (release_) release_(user_data_);
  }

  void arm(void (*release)(void*), void* user_data) noexcept {
    release_ = release;
    user_data_ = user_data;
  }

 private:
  void (*release_)(void*) = nullptr;
  void* user_data_ = nullptr;
};

void clear(st_file** file) {
  require(file != nullptr, "file is NULL");
  *file = nullptr;
}

st_file* make_file(std::shared_ptr<const st::Source> source, const OpenOptions& converted) {
  return std::make_unique<st_file>(st::open_file(std::move(source), converted.header)).release();
}

// Says which file has the bad header: who reads the message may have opened many.
st_file* make_file(std::shared_ptr<const st::Source> source, const OpenOptions& converted,
                   const char* path) {
  try {
    return make_file(std::move(source), converted);
  } catch (const st::Error& error) {
    throw st::Error(error.code(), st::Message() << error.what() << ", in " << st::Quoted{path},
                    error.position(), error.os_error());
  }
}

}  // namespace

st_status st_open(const char* path, const st_open_options* options, st_file** file,
                  st_error* error) {
  return capi::guard(
      error, [&] { clear(file); },
      [&] {
        require(path != nullptr, "path is NULL");
        const OpenOptions converted = options_of(options);
        *file =
            make_file(st::open_path(path, converted.backend, converted.access), converted, path);
      });
}

#ifdef __ELF__
// The same function by its own name; the header says why it has another.
extern "C" ST_API st_status st_open_by_its_name(const char*, const st_open_options*, st_file**,
                                                st_error*) __asm__("st_open")
    __attribute__((alias("st_open_file")));
#endif

st_status st_open_fd(int fd, const st_open_options* options, st_file** file, st_error* error) {
  return capi::guard(
      error, [&] { clear(file); },
      [&] {
        const OpenOptions converted = options_of(options);
        *file = make_file(st::open_descriptor(fd, converted.backend, converted.access), converted);
      });
}

st_status st_open_memory(const void* bytes, uint64_t nbytes, void (*release)(void* user_data),
                         void* user_data, const st_open_options* options, st_file** file,
                         st_error* error) {
  return capi::guard(
      error, [&] { clear(file); },
      [&] {
        require(bytes != nullptr || nbytes == 0, "bytes is NULL");
        const OpenOptions converted = options_of(options);
        if (converted.copy_memory) {
          require(release == nullptr, "release goes with borrowed bytes, not with ST_MEMORY_COPY");
          *file = make_file(st::copy_memory(bytes, nbytes, converted.access), converted);
          return;
        }
        const auto releaser = std::make_shared<Releaser>();
        *file = make_file(st::borrow_memory(bytes, nbytes, releaser, converted.access), converted);
        releaser->arm(release, user_data);
      });
}

st_status st_open_io(const st_io* io, const st_open_options* options, st_file** file,
                     st_error* error) {
  return capi::guard(
      error, [&] { clear(file); },
      [&] {
        require(io != nullptr, "io is NULL");
        capi::check_input(*io, "st_io");
        require(io->reserved == 0, "st_io.reserved is not 0");
        require(io->read_at != nullptr, "st_io.read_at is NULL");
        const OpenOptions converted = options_of(options);
        const auto releaser = std::make_shared<Releaser>();
        *file = make_file(st::open_callbacks({io->nbytes, io->user_data, io->read_at, releaser},
                                             converted.access),
                          converted);
        releaser->arm(io->release, io->user_data);
      });
}

st_file* st_ref(st_file* file) {
  return capi::add_reference(file);
}

void st_close(st_file* file) {
  const int saved = errno;
  capi::drop_reference(file);
  errno = saved;
}

st_status st_verify_unchanged(const st_file* file, st_error* error) {
  return capi::guard(error, [&] {
    require(file != nullptr, "file is NULL");
    file->file.source->verify_unchanged();
  });
}
