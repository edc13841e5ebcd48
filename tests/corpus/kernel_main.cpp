// Runs the tests under the JSON parser's kernel that CORPUS_KERNEL names, or exits with 77 if this
// machine does not support it.
#include <catch2/catch_session.hpp>

#include <cstdio>
#include <cstdlib>

#include "format/json_kernel.h"

int main(int argc, char** argv) {
  constexpr int skipped = 77;
  const char* kernel = std::getenv("CORPUS_KERNEL");
  if (kernel && !st::select_json_kernel(kernel)) {
    std::printf("this machine does not support the kernel %s\n", kernel);
    return skipped;
  }
  return Catch::Session().run(argc, argv);
}
