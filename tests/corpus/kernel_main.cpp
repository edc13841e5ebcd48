// Runs the tests under the JSON parser's kernel that SIMDJSON_FORCE_IMPLEMENTATION names, or says
// by 77 that this machine cannot.
#include <catch2/catch_session.hpp>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

bool machine_has(std::string_view kernel) {
  if (kernel.empty() || kernel == "fallback") return true;
#if defined(__x86_64__) || defined(__i386__)
  const bool westmere = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
  const bool haswell = westmere && __builtin_cpu_supports("avx2") &&
                       __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool icelake = haswell && __builtin_cpu_supports("avx512f") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd") &&
                       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                       __builtin_cpu_supports("avx512vbmi2");
  return (kernel == "westmere" && westmere) || (kernel == "haswell" && haswell) ||
         (kernel == "icelake" && icelake);
#elif defined(__aarch64__)
  return kernel == "arm64";
#else
  return false;
#endif
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int skipped = 77;
  const char* kernel = std::getenv("SIMDJSON_FORCE_IMPLEMENTATION");
  if (kernel && !machine_has(kernel)) {
    std::printf("this machine cannot run the kernel %s\n", kernel);
    return skipped;
  }
  return Catch::Session().run(argc, argv);
}
