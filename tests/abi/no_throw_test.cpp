// Queries of absent names and keys throw no exception inside the library.
#include <dlfcn.h>
#include <safetensors/safetensors.h>

#include <cstdint>
#include <cstdlib>
#include <typeinfo>

#include "check.h"
#include "sample.h"
#include "scratch.h"

namespace {
unsigned throws;
}

// Interposes the function of the C++ runtime that every throw expression calls.
extern "C" [[noreturn]] void __cxa_throw(void* object, std::type_info* type,
                                         void (*destroy)(void*)) {
  using Throw = void (*)(void*, std::type_info*, void (*)(void*));
  static const auto next = reinterpret_cast<Throw>(dlsym(RTLD_NEXT, "__cxa_throw"));
  ++throws;
  next(object, type, destroy);
  std::abort();
}

int main() {
  scratch_enter();
  sample_write("sample");
  st_file* file = open_or_stop("sample", ST_BACKEND_AUTO);
  st_error error = ST_ERROR_INIT;
  st_error* const errors[] = {nullptr, &error};
  for (st_error* report : errors) {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    st_tensor* tensor = nullptr;
    const char* value = nullptr;
    std::uint64_t offset = 0, nbytes = 0;
    char byte = 0;
    CHECK_STATUS(st_file_find_tensor(file, "none", 4, &info, report), ST_E_TENSOR_NOT_FOUND);
    CHECK_STATUS(st_get_tensor(file, "none", 4, &tensor, report), ST_E_TENSOR_NOT_FOUND);
    CHECK_STATUS(st_read_tensor(file, "none", 4, &byte, 1, report), ST_E_TENSOR_NOT_FOUND);
    CHECK_STATUS(st_read_slice(file, "none", 4, nullptr, nullptr, 0, &byte, 1, nullptr, report),
                 ST_E_TENSOR_NOT_FOUND);
    CHECK_STATUS(st_file_find_metadata(file, "none", 4, &value, &nbytes, report),
                 ST_E_METADATA_NOT_FOUND);
    CHECK_STATUS(st_file_metadata_range(file, "none", 4, &offset, &nbytes, report),
                 ST_E_METADATA_NOT_FOUND);
    CHECK(st_file_has_tensor(file, "none", 4) == 0);
    CHECK(throws == 0);
  }
  st_close(file);
  CHECK_STATUS(st_open("missing", nullptr, &file, nullptr), ST_E_NOT_FOUND);
  CHECK(throws > 0);  // the interposition works
  return check_result();
}
