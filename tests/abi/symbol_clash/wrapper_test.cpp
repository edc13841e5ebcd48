// The C++ wrapper with another library's st_open loaded before ours: its calls stand in the program
// itself.
#include <safetensors/safetensors.hpp>

#include "check.h"
#include "sample.h"
#include "scratch.h"
#include "symbol_clash.h"

namespace {

st_status code_of_opening(const char* path) {
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
  CHECK(code_of_opening("sample") == ST_OK);
  CHECK(code_of_opening("missing") == ST_E_NOT_FOUND);
  CHECK(symbol_clash_calls() == 0);
  return check_result();
}
