#include <safetensors/safetensors.h>

#include "guard.h"
#include "save_request.h"

st_status st_save(const char* path, const st_save_tensor* tensors, uint64_t count,
                  const st_save_options* options, st_error* error) {
  return capi::guard(error, [&] {
    capi::save(path, capi::tensors_of(tensors, count), capi::options_of(options));
  });
}

st_status st_save_size(const st_save_tensor* tensors, uint64_t count,
                       const st_save_options* options, uint64_t* nbytes, st_error* error) {
  const auto clear = [&] {
    if (nbytes) *nbytes = 0;
  };
  return capi::guard(error, clear, [&] {
    capi::save_size(capi::tensors_of(tensors, count), capi::options_of(options), nbytes);
  });
}

st_status st_save_memory(const st_save_tensor* tensors, uint64_t count,
                         const st_save_options* options, void* buffer, uint64_t buffer_size,
                         uint64_t* nbytes, st_error* error) {
  const auto clear = [&] {
    if (nbytes) *nbytes = 0;
  };
  return capi::guard(error, clear, [&] {
    capi::save_memory(capi::tensors_of(tensors, count), capi::options_of(options), buffer,
                      buffer_size, nbytes);
  });
}
