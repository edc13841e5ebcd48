#include "format/directory_set.h"

#include <catch2/catch_test_macros.hpp>

#include "code_of.hpp"
#include "error.h"

using namespace st;

TEST_CASE("the names of indexes", "[directory_set]") {
  for (const char* name : {"model.safetensors.index.json", "model.safetensors.index.fp16.json",
                           "diffusion_pytorch_model.safetensors.index.json", "model.index.json",
                           "a.b.safetensors.index.json", "model.safetensors.index.fp16.ema.json"}) {
    INFO(name);
    CHECK(is_index_name(name));
  }
  for (const char* name :
       {"pytorch_model.bin.index.json", "flax_model.msgpack.index.json", "config.json",
        "model_index.json", ".index.json", "index.json", ".model.safetensors.index.json",
        "model.safetensors.index.json.tmp", "model.safetensors.index..json",
        "model.safetensors.indexes.json", "model.safetensors", ""}) {
    INFO(name);
    CHECK_FALSE(is_index_name(name));
  }
}

TEST_CASE("the whole file of an index and of a shard", "[directory_set]") {
  CHECK(whole_file_of_index("model.safetensors.index.json") == "model.safetensors");
  CHECK(whole_file_of_index("model.safetensors.index.fp16.json") == "model.fp16.safetensors");
  CHECK(whole_file_of_index("model.index.json") == "model.safetensors");
  CHECK(whole_file_of_index("config.json").empty());

  CHECK(whole_file_of_shard("model-00001-of-00002.safetensors") == "model.safetensors");
  CHECK(whole_file_of_shard("model.fp16-00001-of-00002.safetensors") == "model.fp16.safetensors");
  CHECK(whole_file_of_shard("model-00001-of-00002.0123abcd.safetensors") == "model.safetensors");
  CHECK(whole_file_of_shard("a-b-100000-of-123456.safetensors") == "a-b.safetensors");
  for (const char* name :
       {"model.safetensors", "model-1-of-2.safetensors", "model-00001-of-00002.bin",
        "-00001-of-00002.safetensors", "model-00001-of-00002.0123ABCD.safetensors",
        "model-00001-of-00002.0123abc.safetensors", "model-of-00002.safetensors",
        "model-mtp-of-00005.safetensors", ".safetensors", "-of-.safetensors"}) {
    INFO(name);
    CHECK(whole_file_of_shard(name).empty());
  }
}

TEST_CASE("the indexes that a shard may have", "[directory_set]") {
  CHECK(index_names_of_shard("model-00001-of-00002.safetensors") ==
        std::vector<std::string>{"model.safetensors.index.json"});
  CHECK(index_names_of_shard("m.fp16-00001-of-00002.safetensors") ==
        std::vector<std::string>{"m.fp16.safetensors.index.json", "m.safetensors.index.fp16.json"});
  CHECK(index_names_of_shard("model.safetensors").empty());
}

TEST_CASE("the set of a directory", "[directory_set]") {
  const auto files = [](std::vector<std::string> names) { return choose_set(names, "d").files; };
  const auto index = [](std::vector<std::string> names) { return choose_set(names, "d").index; };
  const auto code = [](std::vector<std::string> names) {
    return code_of<Error>([&] { choose_set(names, "d"); });
  };
  CHECK(files({"b.safetensors", ".", "..", ".hidden.safetensors", "a.safetensors", "c.bin"}) ==
        std::vector<std::string>{"a.safetensors", "b.safetensors"});
  CHECK(index({"model-00001-of-00002.safetensors", "model.safetensors.index.json",
               "pytorch_model.bin.index.json", "config.json", "consolidated.safetensors"}) ==
        "model.safetensors.index.json");
  CHECK(files({"model.safetensors.index.json", "x.safetensors"}).empty());
  CHECK(choose_set({"model.safetensors.index.json", "model.safetensors"}, "d").whole ==
        "model.safetensors");
  CHECK(choose_set({"model.safetensors.index.json", "model.fp16.safetensors"}, "d").whole.empty());
  // A directory that changes while it is listed.
  CHECK(index({"model.safetensors.index.json", "model.safetensors.index.json"}) ==
        "model.safetensors.index.json");
  CHECK(files({"a.safetensors", "a.safetensors"}).size() == 1);

  CHECK(code({}) == Code::not_found);
  CHECK(code({"config.json", "model.bin", ".safetensors"}) == Code::not_found);
  CHECK(code({"model.safetensors.index.json", "model.safetensors.index.fp16.json"}) ==
        Code::set_ambiguous);
  CHECK(code({"model.safetensors", "model-00001-of-00002.safetensors"}) == Code::set_ambiguous);
  CHECK(code({"model.safetensors", "model-00001-of-00002.0123abcd.safetensors"}) ==
        Code::set_ambiguous);
  CHECK_FALSE(code({"model.safetensors", "other-00001-of-00002.safetensors"}));
}
