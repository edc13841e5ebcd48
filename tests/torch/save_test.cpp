#include <ATen/core/Dict.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <unordered_map>

#include "code_of.hpp"
#include "sample.hpp"
#include "scratch_directory.hpp"
#include "tensors.h"

using namespace safetensors;

namespace {
std::vector<std::byte> bytes_of_buffer(const Buffer& buffer) {
  return {buffer.begin(), buffer.end()};
}
}  // namespace

TEST_CASE("a file has the bytes that the Python package writes") {
  // save({"w": ones(2, dtype=float32), "b": tensor(True), "n": tensor([1])}, {"format": "pt"})
  const ScratchDirectory folder;
  save_file({{"w", at::ones({2})}, {"b", at::ones({}, at::kBool)}, {"n", at::ones({1}, at::kLong)}},
            folder / "f", {{"format", "pt"}});
  CHECK(read_file<std::vector<std::byte>>(folder / "f") ==
        file_of(R"({"__metadata__":{"format":"pt"},)"
                R"("n":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
                R"("w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},)"
                R"("b":{"dtype":"BOOL","shape":[],"data_offsets":[16,17]}})",
                bytes_of<std::int64_t>({1}) + bytes_of<float>({1, 1}) + '\1'));
}

TEST_CASE("save and save_file write equal bytes for every container in any order") {
  const ScratchDirectory folder;
  const at::Tensor a = counting({2, 3});
  const at::Tensor b = counting({4}, at::kShort);
  const std::vector<std::pair<std::string, at::Tensor>> pairs = {{"b", b}, {"a", a}};
  save_file(pairs, folder / "f");
  const auto expected = read_file<std::vector<std::byte>>(folder / "f");

  TensorDict dict;
  dict.insert("a", a);
  dict.insert("b", b);
  c10::Dict<std::string, at::Tensor> c10_dict;
  c10_dict.insert("a", a);
  c10_dict.insert("b", b);
  CHECK(bytes_of_buffer(save(dict)) == expected);
  CHECK(bytes_of_buffer(save(c10_dict)) == expected);
  CHECK(bytes_of_buffer(save(std::map<std::string, at::Tensor>{{"a", a}, {"b", b}})) == expected);
  CHECK(bytes_of_buffer(save(std::unordered_map<std::string, at::Tensor>{{"a", a}, {"b", b}})) ==
        expected);
  CHECK(bytes_of_buffer(save({{"a", a}, {"b", b}})) == expected);
}

TEST_CASE("a file without tensors is saved and loaded") {
  CHECK(bytes_of_buffer(save({})) == file_of("{}", ""));
  CHECK(bytes_of_buffer(save({}, {{"a", "b"}})) == file_of(R"({"__metadata__":{"a":"b"}})", ""));
  CHECK(load(save({})).is_empty());
}

TEST_CASE("renames apply on save") {
  const auto renames = Renames({{"a", "x"}}).add_prefix("model.");
  CHECK(names_of(load(save({{"a", counting({1})}, {"b", counting({2})}}, {},
                           {.renames = renames}))) == std::vector<std::string>{"model.b", "x"});
  CHECK(code_of<Error>([&] {
          save({{"a", counting({1})}, {"x", counting({2})}}, {}, {.renames = {{"a", "x"}}});
        }) == ST_E_DUPLICATE);
}

TEST_CASE("the file that the tensors are mapped from can be replaced") {
  const ScratchDirectory folder;
  save_file({{"a", counting({1000})}, {"b", counting({70, 3})}}, folder / "f");
  const auto tensors = load_file(folder / "f");
  save_file({{"b", tensors["a"]}, {"c", tensors["b"]}}, folder / "f");
  const auto again = load_file(folder / "f");
  CHECK(same_bits(again["b"], counting({1000})));
  CHECK(same_bits(again["c"], counting({70, 3})));
  CHECK(same_bits(tensors["a"], counting({1000})));
}

TEST_CASE("tensors that share memory are rejected in groups") {
  const at::Tensor w = counting({4, 4});
  const at::Tensor v = counting({4});
  const NamedTensors tensors = {{"w", w}, {"row", w[0]}, {"v", v}, {"v2", v}, {"own", v.clone()}};
  CHECK(code_of<Error>([&] { save(tensors); }) == ST_E_INVALID_ARGUMENT);
  const auto message = message_of([&] { save(tensors); });
  CHECK(contains(message, R"(["row", "w"], ["v", "v2"])"));
  CHECK(contains(message, "save_model"));
  CHECK_FALSE(contains(message, "\"own\""));
}

TEST_CASE("views that do not overlap do not share memory") {
  const at::Tensor w = counting({4, 4});
  const auto tensors = load(save({{"a", w[0]}, {"b", w[3]}, {"c", w.narrow(0, 1, 2)}}));
  CHECK(same_bits(tensors["c"], w.narrow(0, 1, 2)));
}

TEST_CASE("tensors that are not contiguous are rejected by name") {
  const auto call = [] {
    save({{"a", counting({2, 3}).t()},
          {"b", counting({2})},
          {"c", counting({9}).slice(0, 0, 9, 2)}});
  };
  CHECK(code_of<Error>(call) == ST_E_INVALID_ARGUMENT);
  CHECK(contains(message_of(call), "tensors \"a\", \"c\", not contiguous"));
}

TEST_CASE("invalid names and metadata are rejected") {
  const at::Tensor t = counting({1});
  CHECK(code_of<Error>([&] { save({{"a", t}, {"a", t.clone()}}); }) == ST_E_DUPLICATE);
  CHECK(code_of<Error>([&] { save({{"__metadata__", t}}); }) == ST_E_INVALID_ARGUMENT);
  CHECK(code_of<Error>([&] { save({{"\xff", t}}); }) == ST_E_UTF8);
  CHECK(code_of<Error>([&] { save({{"a", t}}, {{"k", "\xff"}}); }) == ST_E_UTF8);
}

TEST_CASE("a failed save leaves the old file") {
  const ScratchDirectory folder;
  save_file({{"a", counting({3})}}, folder / "f");
  const auto before = read_file(folder / "f");
  const at::Tensor large = at::zeros({1 << 20});
  const auto stop = [](std::uint64_t done, std::uint64_t) { return done == 0; };
  CHECK(code_of<Error>([&] {
          save_file({{"a", large}}, folder / "f", {}, {.progress = stop});
        }) == ST_E_CANCELLED);
  const auto fail = [](std::uint64_t, std::uint64_t) -> bool { throw std::out_of_range("mine"); };
  CHECK_THROWS_AS(save_file({{"a", large}}, folder / "f", {}, {.progress = fail}),
                  std::out_of_range);
  CHECK_THROWS_AS(save({{"a", large}}, {}, {.progress = fail}), std::out_of_range);
  CHECK(code_of<Error>([&] { save_file({{"a", large}}, folder / "no" / "f"); }) == ST_E_NOT_FOUND);
  CHECK(code_of<Error>([&] { save_file({{"a", large}}, "/dev/null"); }) == ST_E_NOT_REGULAR);
  CHECK(read_file(folder / "f") == before);
}

TEST_CASE("progress of a save ends with the size of the file") {
  const ScratchDirectory folder;
  std::uint64_t last = 0;
  const auto progress = [&](std::uint64_t done, std::uint64_t total) {
    CHECK(done >= last);
    CHECK(total > 4'000'000);
    last = done;
    return true;
  };
  save_file({{"a", at::zeros({1'000'000})}}, folder / "f", {},
            {.progress = progress, .durability = Durability::Fsync});
  CHECK(last == std::filesystem::file_size(folder / "f"));
}
