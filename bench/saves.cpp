// Compares ways to save 22 tensors of 100 MB: Builder::save; Builder::save_set in shards of 500 MB;
// and a Writer that 8 threads use, in pieces of 4 MiB in random order. They take turns, each
// replaces what it wrote in the last round, and the medians are compared. Usage: saves [DIRECTORY]
// [ROUNDS]
#include <safetensors/safetensors.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t tensor_count = 22, tensor_size = 100'000'000, piece_size = 4 << 20;
constexpr int thread_count = 8;

struct Piece {
  std::uint64_t index, offset, nbytes;
};

std::vector<Piece> shuffled_pieces() {
  std::vector<Piece> pieces;
  for (std::uint64_t i = 0; i < tensor_count; ++i) {
    for (std::uint64_t offset = 0; offset < tensor_size; offset += piece_size)
      pieces.push_back({i, offset, std::min<std::uint64_t>(piece_size, tensor_size - offset)});
  }
  std::shuffle(pieces.begin(), pieces.end(), std::mt19937(1));
  return pieces;
}

void write_with_threads(safetensors::Writer writer, safetensors::Bytes bytes,
                        const std::vector<Piece>& pieces) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < thread_count; ++t) {
    threads.emplace_back([&] {
      for (std::size_t i = next++; i < pieces.size(); i = next++) {
        const Piece& piece = pieces[i];
        writer.write(piece.index, piece.offset,
                     safetensors::Bytes(bytes.data() + piece.offset, piece.nbytes));
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  writer.commit();
}

template <class Action>
double seconds(Action action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder =
      std::filesystem::path(argc > 1 ? argv[1] : ".") / "saves_benchmark";
  const std::filesystem::path path = folder / "file.safetensors", set = folder / "set";
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  std::vector<std::uint64_t> content(tensor_size / sizeof(std::uint64_t));
  std::mt19937_64 random(2);
  for (std::uint64_t& word : content)
    word = random();
  const safetensors::Bytes bytes = content;
  safetensors::Builder builder;
  for (std::size_t i = 0; i < tensor_count; ++i)
    builder.add("tensor " + std::to_string(i), safetensors::Dtype::U8, {tensor_size}, bytes);
  const auto pieces = shuffled_pieces();

  safetensors::SetOptions set_options;
  set_options.max_shard_size = 500'000'000;

  std::vector<double> save_times, set_times, writer_times;
  std::filesystem::create_directory(folder);
  // Not measured: memory that no process has used recently is slower.
  builder.save(path);
  builder.save_set(set, set_options);
  for (int i = 0; i < rounds; ++i) {
    writer_times.push_back(
        seconds([&] { write_with_threads(builder.open_writer(path), bytes, pieces); }));
    set_times.push_back(seconds([&] { builder.save_set(set, set_options); }));
    save_times.push_back(seconds([&] { builder.save(path); }));
  }
  std::filesystem::remove_all(folder);
  const double save = median(save_times), writer = median(writer_times);
  const double shards = median(set_times);
  constexpr double gigabytes = tensor_count * tensor_size / 1e9;
  std::printf("%.1f GB, %d rounds, medians\n", gigabytes, rounds);
  std::printf("  save                %6.3f s   %5.2f GB/s\n", save, gigabytes / save);
  std::printf("  save_set            %6.3f s   %5.2f GB/s   %.2f times the save\n", shards,
              gigabytes / shards, shards / save);
  std::printf("  writer, %d threads   %6.3f s   %5.2f GB/s   %.2f times the save\n", thread_count,
              writer, gigabytes / writer, writer / save);
}
