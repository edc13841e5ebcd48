#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>

#include "code_of.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;

namespace {

const std::vector<std::uint8_t> first = {1, 2, 3}, second = {4, 5};
const std::vector<TensorDeclaration> declared = {{"a", Dtype::U8, {3}}, {"b", Dtype::U8, {2}}};

SetOptions two_shards() {
  SetOptions options;
  options.max_shard_size = 3;
  return options;
}

}  // namespace

TEST_CASE("SetStage publishes the files that writers wrote, as Builder::save_set does",
          "[wrapper][set]") {
  const ScratchDirectory folder;
  const Metadata metadata = {{"format", "pt"}};
  SaveOptions options;
  options.alignment = 64;
  Builder builder;
  builder.add("a", Dtype::U8, {3}, first).add("b", Dtype::U8, {2}, second);
  builder.add_metadata("format", "pt").save_set(folder / "expected", two_shards(), options);

  SetStage stage(folder / "set", declared, two_shards(), options, metadata);
  CHECK(stage.handle() != nullptr);
  REQUIRE(stage.shard_count() == 2);
  CHECK(stage.shard_of(0) == 0);
  CHECK(stage.shard_of(1) == 1);
  CHECK(code_of<Error>([&] { stage.shard_of(2); }) == ST_E_OUT_OF_RANGE);
  CHECK(code_of<Error>([&] { stage.path(2); }) == ST_E_OUT_OF_RANGE);
  CHECK(stage.path(0).is_relative());
  Writer writer(folder / "set" / stage.path(1), {declared[1]}, options, metadata);
  writer.write(std::uint64_t{0}, second);
  writer.commit();
  CHECK(code_of<Error>([&] { stage.commit(); }) == ST_E_INCOMPLETE);
  Builder()
      .add("a", Dtype::U8, {3}, first)
      .add_metadata("format", "pt")
      .save(folder / "set" / stage.path(0), options);
  CHECK_FALSE(std::filesystem::exists(folder / "set" / "model.safetensors.index.json"));
  stage.commit();
  for (const char* name : {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                           "model.safetensors.index.json"})
    CHECK(read_file(folder / "set" / name) == read_file(folder / "expected" / name));
  CHECK(code_of<Error>([&] { stage.commit(); }) == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("a SetStage that is not committed leaves nothing", "[wrapper][set]") {
  const ScratchDirectory folder;
  {
    const SetStage stage(folder / "set", declared, two_shards());
    CHECK(std::filesystem::exists(folder / "set" / stage.path(1)));
  }
  CHECK_FALSE(std::filesystem::exists(folder / "set"));
  CHECK(code_of<Error>([&] { SetStage(folder / "set", {{"a", Dtype{}, {3}}}); }) == ST_E_DTYPE);
}
