#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>

#include <cstring>

#include "code_of.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;

namespace {

using Names = std::set<std::string>;

const std::vector<std::uint8_t> first = {1, 2, 3}, second = {4, 5};

SetOptions two_shards() {
  SetOptions options;
  options.max_shard_size = 3;
  return options;
}

std::vector<std::uint8_t> read(const std::filesystem::path& path, const char* name) {
  return File::open(path).read<std::uint8_t>(name);
}

}  // namespace

TEST_CASE("Builder::save_set writes shards and an index", "[wrapper][set]") {
  const ScratchDirectory folder;
  Builder builder;
  builder.add("a", Dtype::U8, {3}, first)
      .add("b", Dtype::U8, {2}, second)
      .add_metadata("format", "pt");
  SetOptions options = two_shards();
  options.index_metadata = {{"z", "1"}, {"y", "2"}};
  std::uint64_t done = 0;
  SaveOptions save;
  save.progress = [&](std::uint64_t now, std::uint64_t) { return (done = now) > 0; };
  builder.save_set(folder / "set", options, save);
  const auto path = folder / "set";
  CHECK(read(path / "model-00001-of-00002.safetensors", "a") == first);
  CHECK(read(path / "model-00002-of-00002.safetensors", "b") == second);
  CHECK(File::open(path / "model-00002-of-00002.safetensors").metadata("format") == "pt");
  CHECK(read_file(path / "model.safetensors.index.json")
            .find("\"total_size\": 5,\n    \"z\": \"1\",\n    \"y\": \"2\"") != std::string::npos);
  CHECK(done > 0);

  options.stem = "other";
  options.variant = "fp16";
  options.split = Split::Balanced;
  options.index_format = IndexFormat::Sorted;
  options.total_parameters = 5;
  builder.save_set(path, options);
  CHECK(read_file(path / "other.safetensors.index.fp16.json").find("\"total_parameters\": 5,") !=
        std::string::npos);
  options.stem = "";
  CHECK(code_of<Error>([&] { builder.save_set(path, options); }) == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("SetWriter writes the set that Builder::save_set writes", "[wrapper][set]") {
  const ScratchDirectory folder;
  Builder builder;
  builder.add("a", Dtype::U8, {3}, first).add("b", Dtype::U8, {2}, second);
  builder.add_metadata("format", "pt").save_set(folder / "expected", two_shards());
  SetWriter writer(folder / "set", two_shards(), {}, {{"format", "pt"}});
  CHECK(writer.handle() != nullptr);
  writer.add("a", Dtype::U8, {3}, first);
  writer.add("b", Dtype::U8, {2}, 2, [](std::uint64_t offset, MutableBytes bytes) {
    std::memcpy(bytes.data(), second.data() + offset, bytes.size());
  });
  CHECK(code_of<Error>([&] { writer.add("a", Dtype::U8, {3}, first); }) == ST_E_DUPLICATE);
  writer.commit();
  for (const char* name : {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                           "model.safetensors.index.json"})
    CHECK(read_file(folder / "set" / name) == read_file(folder / "expected" / name));
}

TEST_CASE("a SetWriter that is not committed leaves nothing, or resumes", "[wrapper][set]") {
  const ScratchDirectory folder;
  SetOptions options = two_shards();
  { SetWriter(folder / "set", options).add("a", Dtype::U8, {3}, first); }
  CHECK(folder.names().empty());
  options.resume = true;
  {
    SetWriter writer(folder / "set", options);
    writer.add("a", Dtype::U8, {3}, first);
    CHECK_THROWS_AS(writer.add("b", Dtype::U8, {2}, 2,
                               [](std::uint64_t, MutableBytes) { throw std::out_of_range("x"); }),
                    std::out_of_range);
  }
  SetWriter writer(folder / "set", options);
  CHECK(writer.has_tensor("a"));
  CHECK_FALSE(writer.has_tensor("b"));
  bool called = false;
  writer.add("a", Dtype::U8, {3}, 3, [&](std::uint64_t, MutableBytes) { called = true; });
  CHECK_FALSE(called);
  writer.add("b", Dtype::U8, {2}, second);
  writer.commit();
  CHECK(read(folder / "set" / "model-00001-of-00002.safetensors", "a") == first);
}
