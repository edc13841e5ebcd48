// Calls of st_open that the C++ wrapper compiles into the program reach libsafetensors although
// another library's st_open is found first.
#include <safetensors/safetensors.hpp>

#include "check.h"
#include "sample.h"
#include "scratch.h"
#include "symbol_clash.h"

namespace {

st_status status_of_open(const char* path) {
  try {
    const auto file = safetensors::File::open(path);
    CHECK(file.size() == sample_count);
    return ST_OK;
  } catch (const safetensors::Error& error) {
    return error.code();
  }
}

}  // namespace

int main() {
  scratch_enter();
  sample_write("sample");
  CHECK(status_of_open("sample") == ST_OK);
  CHECK(status_of_open("missing") == ST_E_NOT_FOUND);
  CHECK(symbol_clash_calls() == 0);
  return check_result();
}
