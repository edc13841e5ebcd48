// Models in several files.
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/modules/linear.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "code_of.hpp"
#include "models.h"
#include "sample.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;
namespace fs = std::filesystem;

namespace {

constexpr char index_name[] = "model.safetensors.index.json";

// Shards of at most this size have two tensors of four floats.
SaveSetOptions small_shards() {
  SaveSetOptions options;
  options.set.max_shard_size = 32;
  return options;
}

std::vector<std::pair<std::string, at::Tensor>> five_tensors() {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const char* name : {"e", "d", "c", "b", "a"})
    tensors.emplace_back(name, counting({2, 2}) + static_cast<double>(tensors.size()));
  return tensors;
}

}  // namespace

TEST_CASE("a set is loaded by its directory and by its index") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  const auto tensors = five_tensors();
  save_set(tensors, folder, {{"format", "pt"}}, small_shards());
  CHECK(File::open_set(folder).shards().size() == 3);
  CHECK(File::open(folder / "model-00001-of-00003.safetensors").metadata("format") == "pt");
  const Backend backend = GENERATE(Backend::Auto, Backend::Mmap, Backend::Pread);
  for (const fs::path& path : {folder, folder / index_name}) {
    auto loaded = load_file(path, {.backend = backend});
    CHECK(loaded.size() == tensors.size());
    for (const auto& [name, tensor] : tensors) {
      INFO(name);
      CHECK(same_bits(loaded[name], tensor));
    }
  }
  const auto selected = load_file(folder, {.backend = backend, .names = {"a", "e"}});
  CHECK(selected.size() == 2);
  const auto renamed = load_file(folder, {.renames = Renames({{"a", "z"}}), .pattern = "^z$"});
  CHECK(same_bits(renamed["z"], tensors.back().second));
  CHECK(load_file(folder, {.device = "meta"}).size() == tensors.size());
}

TEST_CASE("progress counts the bytes of the whole set") {
  const ScratchDirectory scratch;
  std::uint64_t last = 0, total = 0;
  const Progress progress = [&](std::uint64_t done, std::uint64_t all) {
    last = done;
    total = all;
    return true;
  };
  SaveSetOptions options = small_shards();
  options.progress = progress;
  save_set(five_tensors(), scratch / "set", {}, options);
  CHECK(last == total);
  CHECK(total == File::open_set(scratch / "set").nbytes());
  last = total = 0;
  load_file(scratch / "set", {.progress = progress});
  CHECK(last == 80);
  CHECK(total == 80);
}

TEST_CASE("a set is saved over the shards that its tensors are mapped from") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  const auto tensors = five_tensors();
  save_set(tensors, folder, {}, small_shards());
  for (int round = 0; round < 3; ++round) {
    const auto loaded = load_file(folder, {.backend = Backend::Mmap});
    save_set(loaded, folder, {}, small_shards());
  }
  auto loaded = load_file(folder);
  for (const auto& [name, tensor] : tensors)
    CHECK(same_bits(loaded[name], tensor));
}

TEST_CASE("a model is saved as a set and loaded from it") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  const auto trained = tied_model(100);
  save_model(*trained, folder, {.metadata = {{"format", "pt"}}, .max_shard_size = 40});
  const File set = File::open_set(folder);
  CHECK(set.shards().size() > 1);
  CHECK(set.metadata() == Metadata{{"format", "pt"}});
  CHECK(set.index_metadata()->find("\"out.weight\": \"in.weight\"") != std::string::npos);
  auto model = tied_model();
  load_model(*model, folder);
  for (const auto& item : trained->named_parameters()) {
    INFO(item.key());
    CHECK(same_bits((*model)[item.key()], item.value()));
  }
  CHECK((*model)["out.weight"].is_same((*model)["in.weight"]));

  // One shard: one file, whose header has the names.
  save_model(*trained, folder, {.metadata = {{"format", "pt"}}, .max_shard_size = 1 << 20});
  CHECK(fs::exists(folder / "model.safetensors"));
  CHECK(File::open_set(folder).metadata("out.weight") == "in.weight");
  auto again = tied_model();
  load_model(*again, folder);
  CHECK(same_bits((*again)["in.weight"], (*trained)["in.weight"]));
}

TEST_CASE("a model is unchanged if a shard of the set does not fit") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  const auto trained = tied_model(100);
  save_model(*trained, folder, {.max_shard_size = 40});
  auto model = tied_model();
  const at::Tensor before = (*model)["in.weight"].clone();
  const auto shards = File::open_set(folder).shards();
  const auto code = [&] { return code_of<Error>([&] { load_model(*model, folder); }); };

  const fs::path last = shards.back().path;
  fs::rename(last, scratch / "kept");
  CHECK(code() == ST_E_SET_SHARD_MISSING);
  CHECK(same_bits((*model)["in.weight"], before));
  fs::copy_file(scratch / "kept", last);
  fs::resize_file(last, fs::file_size(last) - 1);
  CHECK(code() == ST_E_COVERAGE);
  CHECK(same_bits((*model)["in.weight"], before));
  save_file({{"other", at::ones({1})}}, last);
  CHECK(code() == ST_E_SET_TENSOR_MISSING);
  CHECK(same_bits((*model)["in.weight"], before));
  fs::remove(last);
  fs::rename(scratch / "kept", last);
  CHECK_FALSE(code());
  CHECK_FALSE(same_bits((*model)["in.weight"], before));
}

TEST_CASE("load_into reads a set") {
  const ScratchDirectory scratch;
  const auto tensors = five_tensors();
  save_set(tensors, scratch / "set", {}, small_shards());
  std::vector<std::pair<std::string, at::Tensor>> destinations;
  for (const auto& [name, tensor] : tensors)
    destinations.emplace_back(name, at::zeros({2, 2}));
  const auto report = load_into(destinations, scratch / "set");
  CHECK(report.missing.empty());
  for (std::size_t i = 0; i < tensors.size(); ++i)
    CHECK(same_bits(destinations[i].second, tensors[i].second));
}

TEST_CASE("what save_file refuses, save_set refuses") {
  const ScratchDirectory scratch;
  const at::Tensor w = at::ones({4});
  CHECK(code_of<Error>([&] {
          save_set({{"a", w}, {"b", w}}, scratch / "set");
        }) == ST_E_INVALID_ARGUMENT);
  CHECK_FALSE(fs::exists(scratch / "set"));
}
