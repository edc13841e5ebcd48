// tensor-parallel DIRECTORY [--make] [--read-once]: runs a model that several processes divide.
//
// Start it once per process. The environment has what torchrun sets: RANK (0 by default),
// WORLD_SIZE (1), MASTER_ADDR (localhost) and MASTER_PORT (29500; 0: rank 0 prints the one that the
// system chose).
//
//   for rank in 0 1; do
//     RANK=$rank WORLD_SIZE=2 build/cpp/examples/tensor-parallel MODEL --make &
//   done; wait
//
// --make saves the model first, --read-once reads each byte of it once.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "store_group.h"
#include "tensor_parallel.h"

namespace {

std::string environment(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

c10::intrusive_ptr<c10d::TCPStore> connect(int rank) {
  const auto port = static_cast<std::uint16_t>(std::stoul(environment("MASTER_PORT", "29500")));
  c10d::TCPStoreOptions options;
  options.port = port;
  options.isServer = rank == 0;
  options.waitWorkers = false;
  auto store =
      c10::make_intrusive<c10d::TCPStore>(environment("MASTER_ADDR", "localhost"), options);
  if (rank == 0 && port == 0) {
    std::printf("MASTER_PORT=%d\n", store->getPort());
    std::fflush(stdout);
  }
  return store;
}

// Rank 0 has the store: it leaves last.
void leave(c10d::Store& store, int rank, int size) {
  store.set("left/" + std::to_string(rank), std::string("1"));
  if (rank != 0) return;
  std::vector<std::string> keys;
  for (int r = 0; r < size; ++r)
    keys.push_back("left/" + std::to_string(r));
  store.wait(keys);
}

}  // namespace

int main(int argc, char** argv) {
  std::string directory;
  bool make = false, read_once = false, is_valid = true;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--make")
      make = true;
    else if (argument == "--read-once")
      read_once = true;
    else if (directory.empty() && argument.rfind("--", 0) != 0)
      directory = argument;
    else
      is_valid = false;
  }
  if (directory.empty() || !is_valid) {
    std::fprintf(stderr, "usage: tensor-parallel DIRECTORY [--make] [--read-once]\n");
    return 2;
  }
  try {
    const int rank = std::stoi(environment("RANK", "0"));
    const int size = std::stoi(environment("WORLD_SIZE", "1"));
    const auto store = connect(rank);
    int status = 0;
    try {
      const auto group = store_group(store, rank, size);
      if (make) make_model(directory, group);
      run_model(directory, group,
                read_once ? safetensors::ReadMode::ReadOnce : safetensors::ReadMode::Auto);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "tensor-parallel: %s\n", error.what());
      status = 1;
    }
    leave(*store, rank, size);
    return status;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tensor-parallel: %s\n", error.what());
    return 1;
  }
}
