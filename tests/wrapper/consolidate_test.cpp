#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <safetensors/safetensors.hpp>
#include <stdexcept>

#include "code_of.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;
namespace fs = std::filesystem;

namespace {

// A part of "matrix", columns from `column` on.
void write_part(const fs::path& path, std::uint64_t column, std::uint64_t columns,
                const std::vector<unsigned char>& bytes) {
  Builder()
      .add("matrix", Dtype::U8, {2, columns}, bytes)
      .add_metadata("DCP_SHARDING_INFO",
                    "{\"matrix\": {\"saved_offsets\": [0, " + std::to_string(column) + "]}}")
      .add_metadata("DCP_VERSION", "1.0")
      .save(path);
}

}  // namespace

TEST_CASE("consolidate joins the parts of tensors to a set", "[set]") {
  const ScratchDirectory scratch;
  const fs::path parts = scratch / "parts", joined = scratch / "joined";
  fs::create_directory(parts);
  write_part(parts / "1.safetensors", 0, 3, {1, 2, 3, 5, 6, 7});
  CHECK(File::open(parts / "1.safetensors").size() == 1);
  write_part(parts / "2.safetensors", 3, 1, {4, 8});
  std::uint64_t last = 0, total = 0;
  SaveOptions options;
  options.progress = [&](std::uint64_t done, std::uint64_t all) {
    last = done;
    total = all;
    return true;
  };
  consolidate(parts, joined, {}, options, {{"format", "pt"}});
  const File set = File::open_set(joined);
  CHECK(set.read<std::uint8_t>("matrix") == std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(set.metadata() == Metadata{{"format", "pt"}});
  CHECK(last == total);
  CHECK(total == set.nbytes());

  options.progress = [](std::uint64_t, std::uint64_t) -> bool { throw std::range_error("full"); };
  CHECK_THROWS_AS(consolidate(parts, joined, {}, options), std::range_error);
  fs::remove(parts / "2.safetensors");
  write_part(parts / "2.safetensors", 4, 1, {4, 8});
  CHECK(code_of<Error>([&] { consolidate(parts, joined); }) == ST_E_INCOMPLETE);
  write_part(parts / "2.safetensors", 2, 1, {4, 8});
  CHECK(code_of<Error>([&] { consolidate(parts, joined); }) == ST_E_OFFSET);
  CHECK(File::open_set(joined).size() == 1);
}
