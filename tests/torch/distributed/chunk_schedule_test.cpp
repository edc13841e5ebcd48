#include "distributed/chunk_schedule.h"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <random>
#include <vector>

using safetensors::ChunkSchedule;
using safetensors::ScheduledPiece;
using safetensors::ScheduledTensor;

TEST_CASE("each byte is in one chunk, and chunks end between elements") {
  std::mt19937_64 random(1);
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  for (int i = 0; i < 300; ++i) {
    std::vector<ScheduledTensor> tensors;
    std::uint64_t offset = below(100);
    for (std::uint64_t count = below(8); count > 0; --count) {
      const std::uint64_t itemsize = std::uint64_t{1} << below(5);
      const std::uint64_t nbytes = itemsize * (1 + below(i % 3 ? 3000 : 3'000'000));
      tensors.push_back({tensors.size(), offset, nbytes, itemsize});
      offset += nbytes + (below(2) ? below(1000) : 0);
    }
    const std::size_t processes = 1 + below(9);
    const std::uint64_t chunk = 16 * (1 + below(i % 3 ? 500 : 100'000));
    const ChunkSchedule schedule(tensors, processes, chunk);

    // By tensor: the begin of each piece and its end.
    std::vector<std::map<std::uint64_t, std::uint64_t>> pieces(tensors.size());
    for (std::size_t round = 0; round < schedule.rounds(); ++round) {
      for (std::size_t process = 0; process < processes; ++process) {
        std::uint64_t nbytes = 0;
        for (const ScheduledPiece& piece : schedule.chunk(round, process)) {
          const ScheduledTensor& tensor = tensors[piece.tensor];
          CHECK(piece.offset == nbytes);
          CHECK((piece.file_begin - tensor.file_offset) % tensor.itemsize == 0);
          CHECK((piece.file_end - tensor.file_offset) % tensor.itemsize == 0);
          REQUIRE(piece.file_begin < piece.file_end);
          REQUIRE(pieces[piece.tensor].emplace(piece.file_begin, piece.file_end).second);
          nbytes += piece.file_end - piece.file_begin;
        }
        CHECK(nbytes < chunk + 16);
      }
    }
    for (std::size_t t = 0; t < tensors.size(); ++t) {
      std::uint64_t end = tensors[t].file_offset;
      for (const auto& [begin, piece_end] : pieces[t]) {
        REQUIRE(begin == end);
        end = piece_end;
      }
      REQUIRE(end == tensors[t].file_offset + tensors[t].nbytes);
    }
  }
}

TEST_CASE("the processes read equal shares, each in sequence") {
  constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
  const ChunkSchedule schedule({{0, 0, 100 * mebibyte, 2}}, 4, mebibyte);
  std::vector<std::uint64_t> shares(4), ends(4);
  std::size_t jumps = 0;
  for (std::size_t round = 0; round < schedule.rounds(); ++round) {
    for (std::size_t process = 0; process < 4; ++process) {
      for (const ScheduledPiece& piece : schedule.chunk(round, process)) {
        shares[process] += piece.file_end - piece.file_begin;
        jumps += piece.file_begin != ends[process];
        ends[process] = piece.file_end;
      }
    }
  }
  CHECK(shares == std::vector<std::uint64_t>(4, 25 * mebibyte));
  CHECK(schedule.rounds() == 25);
  CHECK(jumps <= 4 * 4);
}
