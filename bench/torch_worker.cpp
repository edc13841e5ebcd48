// Executes the commands of torch_files.py: reads one per line from standard input and prints its
// time in milliseconds.
//
//   load PATH BACKEND    load_file, without the time to free the tensors
//   touch PATH BACKEND   load_file, and a sum over every byte
//   save PATH TARGET     save_file of the tensors of load_file
//   bytes PATH           save of the tensors of load_file
//   parse PATH           load of the file's bytes
//   recycle BYTES        touches that much memory and frees it
//
// On a virtual machine, memory that no process has used recently can be many times slower than
// memory that was just freed. torch_files.py sends recycle before each sample, so that all samples
// use recently freed memory.
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
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  static_cast<void>(result);  // freed after the measurement
  return elapsed.count();
}

safetensors::LoadOptions options_of(const std::string& backend) {
  safetensors::LoadOptions options;
  if (backend == "pread") options.backend = safetensors::Backend::Pread;
  return options;
}

safetensors::TensorDict touch_bytes(safetensors::TensorDict tensors) {
  for (const auto& item : tensors) {
    const at::Tensor& tensor = item.value();
    // Viewed as 64-bit integers: their sum is limited by the memory bandwidth.
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

double run(const std::string& command, const std::string& path, const std::string& argument) {
  if (command == "load")
    return milliseconds([&] { return safetensors::load_file(path, options_of(argument)); });
  if (command == "touch")
    return milliseconds(
        [&] { return touch_bytes(safetensors::load_file(path, options_of(argument))); });
  if (command == "save") {
    const auto tensors = safetensors::load_file(path);
    return milliseconds([&] { return safetensors::save_file(tensors, argument), 0; });
  }
  if (command == "bytes") {
    const auto tensors = safetensors::load_file(path);
    return milliseconds([&] { return safetensors::save(tensors); });
  }
  if (command == "parse") {
    auto bytes = read_all(path);
    return milliseconds([&] { return safetensors::load(std::move(bytes)); });
  }
  if (command == "recycle") return milliseconds([&] { return recycle(std::stoull(path)); });
  throw std::invalid_argument("unknown command: " + command);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, path, argument;
    words >> command >> path >> argument;
    std::cout << run(command, path, argument) << std::endl;
  }
}
