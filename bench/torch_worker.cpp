// Does what it is told on standard input, a line at a time, and answers each with the milliseconds
// that it took: torch_files.py has it take turns with the reference.
//
//   load PATH BACKEND    load_file, the tensors freed again out of the measured time
//   touch PATH BACKEND   load_file, and a sum over every byte
//   save PATH TARGET     save_file of what load_file gives
//   bytes PATH           save of what load_file gives
//   parse PATH           load of the file's bytes
//   recycle BYTES        touches that much memory and frees it
//
// Memory that no process has touched for a while can be many times slower on a virtual machine than
// memory that was just freed: recycle before a sample, and all samples are of the same kind.
#include <safetensors/torch.hpp>

#include <ATen/ops/sum.h>

#include <sys/mman.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>

namespace {

template <class Action>
double milliseconds(Action action) {
  const auto start = std::chrono::steady_clock::now();
  const auto result = action();
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
  static_cast<void>(result);  // freed when the time is taken
  return taken.count();
}

safetensors::LoadOptions options_of(const std::string& backend) {
  safetensors::LoadOptions options;
  if (backend == "pread") options.backend = safetensors::Backend::Pread;
  return options;
}

safetensors::TensorDict touched(safetensors::TensorDict tensors) {
  for (const auto& item : tensors) {
    const at::Tensor& tensor = item.value();
    // As integers of 64 bits, whose sum costs no more than reading them does.
    if (tensor.nbytes() % 8 == 0) tensor.view(-1).view(at::kLong).sum();
  }
  return tensors;
}

int recycle(std::size_t nbytes) {
  constexpr std::size_t page = 4096;
  void* place = ::mmap(nullptr, nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) throw std::bad_alloc();
  ::madvise(place, nbytes, MADV_HUGEPAGE);
  for (std::size_t at = 0; at < nbytes; at += page)
    static_cast<volatile char*>(place)[at] = 1;
  return ::munmap(place, nbytes);
}

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

double run(const std::string& what, const std::string& path, const std::string& other) {
  if (what == "load")
    return milliseconds([&] { return safetensors::load_file(path, options_of(other)); });
  if (what == "touch")
    return milliseconds([&] { return touched(safetensors::load_file(path, options_of(other))); });
  if (what == "save") {
    const auto tensors = safetensors::load_file(path);
    return milliseconds([&] { return safetensors::save_file(tensors, other), 0; });
  }
  if (what == "bytes") {
    const auto tensors = safetensors::load_file(path);
    return milliseconds([&] { return safetensors::save(tensors); });
  }
  if (what == "parse") {
    auto bytes = read_all(path);
    return milliseconds([&] { return safetensors::load(std::move(bytes)); });
  }
  if (what == "recycle") return milliseconds([&] { return recycle(std::stoull(path)); });
  throw std::invalid_argument("no such command: " + what);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string what, path, other;
    words >> what >> path >> other;
    std::cout << run(what, path, other) << std::endl;
  }
}
