// File::open_set: which tensors a set has and where they come from.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <safetensors/safetensors.hpp>

#include "code_of.hpp"
#include "set_files.hpp"

using namespace safetensors;
namespace fs = std::filesystem;

namespace {

constexpr char index_name[] = "model.safetensors.index.json";
constexpr char first[] = "model-00001-of-00002.safetensors";
constexpr char second[] = "model-00002-of-00002.safetensors";

std::optional<st_status> code_of_set(const fs::path& path, const OpenOptions& options = {}) {
  return code_of<Error>([&] { File::open_set(path, options); });
}

std::string message_of_set(const fs::path& path) {
  return message_of<Error>([&] { File::open_set(path); });
}

// Two shards and their index in `folder`.
void write_set(const fs::path& folder) {
  fs::create_directories(folder);
  write_shard(folder / first, {{"a", 1}, {"b", 2, 3}}, {{"format", "pt"}, {"only", "first"}});
  write_shard(folder / second, {{"c", 3}}, {{"format", "np"}, {"other", "second"}});
  write_file(folder / index_name, index_text({{"a", first}, {"c", second}, {"b", first}},
                                             "\"metadata\": {\"total_size\": 1.5e1} ,"));
}

std::vector<std::string> names_of(const File& file, Order order = Order::File) {
  std::vector<std::string> names;
  for (const TensorInfo& info : file.tensors(order))
    names.emplace_back(info.name);
  return names;
}

}  // namespace

TEST_CASE("a set is one file, by its index, its directory or with any backend", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  write_set(folder);
  OpenOptions mapped, read, writable;
  mapped.backend = Backend::Mmap;
  read.backend = Backend::Pread;
  writable.writable = true;
  for (const fs::path& path : {folder, folder / "", folder / index_name}) {
    for (const OpenOptions& options : {OpenOptions(), mapped, read, writable}) {
      const File set = File::open_set(path, options);
      CHECK(names_of(set) == std::vector<std::string>{"a", "b", "c"});
      CHECK(names_of(set, Order::Name) == std::vector<std::string>{"a", "b", "c"});
      CHECK(value_of(set, "a") == 1);
      CHECK(value_of(set, "b") == 2);
      CHECK(value_of(set, "c") == 3);
      CHECK(bytes_of(set, "c") == std::vector<std::byte>(8, std::byte{3}));
      CHECK(set.read_slice<std::uint8_t>("c", {{2, 5}}) == std::vector<std::uint8_t>{3, 3, 3});
      CHECK_FALSE(set.contains("d"));
      CHECK(set.metadata() == Metadata{{"format", "pt"}, {"only", "first"}, {"other", "second"}});
      CHECK(set.metadata("other") == "second");
      CHECK(set.index_metadata() == "{\"total_size\": 1.5e1}");
      CHECK(set.is_mapped() == (options.backend != Backend::Pread));
      set.verify_unchanged();
      set.prefetch();
      set.prefetch(set.tensors().back().name);
      CHECK_FALSE(set.is_replaced());
    }
  }
}

TEST_CASE("offsets of a set count in the concatenation of its shards", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  write_set(folder);
  const std::string bytes = read_file(folder / first) + read_file(folder / second);
  const File set = File::open_set(folder);
  CHECK(set.nbytes() == bytes.size());
  CHECK(set.data_offset() == 0);
  std::string read(bytes.size(), '\0');
  set.read_at(0, MutableBytes(reinterpret_cast<std::byte*>(read.data()), read.size()));
  CHECK(read == bytes);

  const auto shards = set.shards();
  REQUIRE(shards.size() == 2);
  CHECK(shards[0].path == folder / first);
  CHECK(shards[0].first_offset == 0);
  CHECK(shards[0].nbytes == fs::file_size(folder / first));
  CHECK(shards[0].tensor_count == 2);
  CHECK(shards[1].path == folder / second);
  CHECK(shards[1].first_offset == shards[0].nbytes);
  CHECK(shards[1].tensor_count == 1);

  for (const TensorInfo& info : set.tensors()) {
    const Location location = set.location(info.name);
    const Shard& shard = shards[location.shard];
    CHECK(location.path == shard.path);
    CHECK(location.nbytes == info.nbytes);
    CHECK(location.file_offset + shard.first_offset == info.file_offset);
    std::string data(info.nbytes, '\0');
    REQUIRE(location.fd >= 0);
    CHECK(pread(location.fd, data.data(), data.size(), static_cast<off_t>(location.file_offset)) ==
          static_cast<ssize_t>(data.size()));
    CHECK(data == bytes.substr(info.file_offset, info.nbytes));
  }
  CHECK(code_of<Error>([&] { set.location("x"); }) == ST_E_TENSOR_NOT_FOUND);
  const ByteRange range = set.metadata_range("other");
  CHECK(bytes.substr(range.file_offset, range.nbytes) == "second");
  CHECK(set.identity() == Identity{0, 0, bytes.size(), 0});
}

TEST_CASE("one file is a set of one shard", "[set]") {
  const ScratchDirectory scratch;
  const fs::path path = scratch / "model.safetensors";
  write_shard(path, {{"a", 1}});
  for (const fs::path& opened : {path, path.parent_path()}) {
    const File set = File::open_set(opened);
    CHECK(value_of(set, "a") == 1);
    REQUIRE(set.shards().size() == 1);
    CHECK(set.shards()[0].path == path);
    CHECK(set.shards()[0].tensor_count == 1);
    CHECK(set.location("a").file_offset == set.tensors()[0].file_offset);
    CHECK(set.identity() == File::open(path).identity());
    CHECK_FALSE(set.index_metadata());
  }
  const File memory = File::from_memory(read_file<std::vector<std::byte>>(path));
  REQUIRE(memory.shards().size() == 1);
  CHECK(memory.shards()[0].path.empty());
  CHECK(memory.location("a").fd == -1);
}

TEST_CASE("an index of one file that names the whole file", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  fs::create_directory(folder);
  write_shard(folder / "model.safetensors", {{"a", 1}});
  write_file(folder / index_name, index_text({{"a", "model.safetensors"}}));
  CHECK(value_of(File::open_set(folder), "a") == 1);
}

TEST_CASE("a tensor comes from the shard that the index names", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  fs::create_directory(folder);
  std::vector<std::pair<std::string, std::string>> map = {
      {"w", "m-2.safetensors"}, {"x", "m-1.safetensors"}, {"y", "./m-3.safetensors"}};
  write_shard(folder / "m-1.safetensors", {{"w", 11}, {"x", 1}});
  write_shard(folder / "m-2.safetensors", {{"w", 2}, {"x", 12}, {"unmapped", 7}});
  write_shard(folder / "m-3.safetensors", {{"w", 13}, {"y", 3}});
  OpenOptions all;
  all.set_policy = SetPolicy::All;
  std::sort(map.begin(), map.end());
  do {
    write_file(folder / index_name, index_text(map));
    const File set = File::open_set(folder);
    CHECK(names_of(set, Order::Name) == std::vector<std::string>{"w", "x", "y"});
    CHECK(value_of(set, "w") == 2);
    CHECK(value_of(set, "x") == 1);
    CHECK(value_of(set, "y") == 3);
    CHECK(set.shards()[1].tensor_count == 1);
    const File everything = File::open_set(folder, all);
    CHECK(names_of(everything, Order::Name) == std::vector<std::string>{"unmapped", "w", "x", "y"});
    CHECK(value_of(everything, "w") == 2);
    CHECK(value_of(everything, "x") == 1);
    CHECK(value_of(everything, "unmapped") == 7);
  } while (std::next_permutation(map.begin(), map.end()));
}

TEST_CASE("a name in two shards that no index resolves is a duplicate", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  fs::create_directory(folder);
  write_shard(folder / "m-1.safetensors", {{"w", 1}, {"x", 1}});
  write_shard(folder / "m-2.safetensors", {{"y", 2}, {"x", 2}});
  CHECK(code_of_set(folder) == ST_E_DUPLICATE);
  const std::string message = message_of_set(folder);
  CHECK(message.find("\"x\"") != message.npos);
  CHECK(message.find("m-1.safetensors") != message.npos);
  CHECK(message.find("m-2.safetensors") != message.npos);

  write_file(folder / index_name, index_text({{"w", "m-1.safetensors"}, {"y", "m-2.safetensors"}}));
  CHECK(names_of(File::open_set(folder)) == std::vector<std::string>{"w", "y"});
  OpenOptions all;
  all.set_policy = SetPolicy::All;
  CHECK(code_of_set(folder, all) == ST_E_DUPLICATE);
  write_file(
      folder / index_name,
      index_text({{"w", "m-1.safetensors"}, {"y", "m-2.safetensors"}, {"x", "m-2.safetensors"}}));
  CHECK(value_of(File::open_set(folder, all), "x") == 2);
}

TEST_CASE("an index that names a tensor twice is rejected", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  write_set(folder);
  write_shard(folder / second, {{"c", 3}, {"a", 9}});
  for (const char* other : {first, second}) {
    write_file(folder / index_name, index_text({{"a", first}, {"c", second}, {"a", other}}));
    CHECK(code_of_set(folder) == ST_E_SET_INDEX);
  }
}

TEST_CASE("the index is compared with the shards", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  write_set(folder);

  write_file(folder / index_name, index_text({{"a", first}, {"missing", second}}));
  CHECK(code_of_set(folder) == ST_E_SET_TENSOR_MISSING);
  CHECK(code_of_set(folder / index_name) == ST_E_SET_TENSOR_MISSING);
  std::string message = message_of_set(folder);
  CHECK(message.find("\"missing\"") != message.npos);
  CHECK(message.find(second) != message.npos);

  write_file(folder / index_name, index_text({{"a", first}, {"lm_head", "gone.safetensors"}}));
  CHECK(code_of_set(folder) == ST_E_SET_SHARD_MISSING);
  message = message_of_set(folder);
  CHECK(message.find("\"lm_head\"") != message.npos);
  CHECK(message.find("gone.safetensors") != message.npos);

  write_file(folder / index_name,
             index_text({{"a", first}, {"c", "../set/" + std::string(second)}}));
  CHECK(code_of_set(folder) == ST_E_SET_PATH);
  write_file(folder / index_name, "{\"weight_map\": {}}");
  CHECK(code_of_set(folder) == ST_E_SET_INDEX);
  CHECK(message_of_set(folder).find(index_name) != std::string::npos);
  CHECK(code_of_set(folder / "other.index.json") == ST_E_NOT_FOUND);
  CHECK(code_of_set(folder / "none") == ST_E_NOT_FOUND);
  CHECK(code_of_set("") == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("an index larger than 100,000,000 bytes is rejected unread", "[set]") {
  const ScratchDirectory scratch;
  const fs::path path = scratch / index_name;
  write_file(path, "{");
  fs::resize_file(path, 100'000'001);
  CHECK(code_of_set(path) == ST_E_SET_INDEX);
  CHECK(message_of_set(path).find("expected at most 100000000") != std::string::npos);
}

TEST_CASE("a directory with more than one set is ambiguous unless the path names one", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  write_set(folder);
  write_shard(folder / "model.safetensors", {{"whole", 5}});
  CHECK(code_of_set(folder) == ST_E_SET_AMBIGUOUS);
  CHECK(File::open_set(folder / index_name).contains("a"));
  CHECK(value_of(File::open_set(folder / "model.safetensors"), "whole") == 5);
  fs::remove(folder / index_name);
  CHECK(code_of_set(folder) == ST_E_SET_AMBIGUOUS);
  fs::remove(folder / "model.safetensors");
  CHECK(File::open_set(folder).size() == 3);

  write_file(folder / index_name, index_text({{"a", first}}));
  write_file(folder / "model.safetensors.index.fp16.json", index_text({{"c", second}}));
  CHECK(code_of_set(folder) == ST_E_SET_AMBIGUOUS);
  CHECK(names_of(File::open_set(folder / "model.safetensors.index.fp16.json")) ==
        std::vector<std::string>{"c"});
}

TEST_CASE("files of other formats in the directory are ignored", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  write_set(folder);
  write_file(folder / "pytorch_model.bin.index.json", "{}");
  write_file(folder / "config.json", "{}");
  write_shard(folder / "consolidated.safetensors", {{"a", 9}});
  CHECK(value_of(File::open_set(folder), "a") == 1);
  fs::remove_all(folder);
  fs::create_directory(folder);
  CHECK(code_of_set(folder) == ST_E_NOT_FOUND);
}

TEST_CASE("a snapshot of a hub cache: links to blobs, the index a link too", "[set]") {
  const ScratchDirectory scratch;
  const fs::path cache = scratch / "models--org--name";
  const fs::path blobs = cache / "blobs", snapshot = cache / "snapshots" / "0123abcd";
  write_set(blobs);
  fs::create_directories(snapshot);
  int number = 0;
  for (const char* name : {first, second, index_name}) {
    const std::string blob = "blob" + std::to_string(number++);
    fs::rename(blobs / name, blobs / blob);
    fs::create_symlink(fs::path("../../blobs") / blob, snapshot / name);
  }
  for (const fs::path& path : {snapshot, snapshot / index_name}) {
    const File set = File::open_set(path);
    CHECK(value_of(set, "c") == 3);
    CHECK(set.shards()[1].path == snapshot / second);
  }
}

TEST_CASE("shards may lie in subdirectories", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  fs::create_directories(folder / "weights" / "b");
  write_shard(folder / "weights" / "m.safetensors", {{"x", 1}});
  write_shard(folder / "weights" / "b" / "m.safetensors", {{"y", 2}});
  write_file(folder / index_name,
             index_text({{"x", "weights/m.safetensors"}, {"y", "./weights//b/m.safetensors"}}));
  const File set = File::open_set(folder);
  CHECK(value_of(set, "x") == 1);
  CHECK(value_of(set, "y") == 2);
}

TEST_CASE("indexes and shards that are not regular files", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  write_set(folder);
  const fs::path index = folder / index_name, shard = folder / first;

  fs::remove(shard);
  fs::create_directory(shard);
  CHECK(code_of_set(folder) == ST_E_NOT_REGULAR);
  fs::remove(shard);
  REQUIRE(mkfifo(shard.c_str(), 0600) == 0);
  CHECK(code_of_set(folder) == ST_E_NOT_REGULAR);
  fs::remove(shard);
  fs::create_symlink(shard.filename(), shard);
  CHECK(code_of_set(folder) == ST_E_IO);
  fs::remove(shard);
  fs::create_symlink("nothing", shard);
  CHECK(code_of_set(folder) == ST_E_SET_SHARD_MISSING);

  fs::remove(index);
  REQUIRE(mkfifo(index.c_str(), 0600) == 0);
  CHECK(code_of_set(folder) == ST_E_NOT_REGULAR);
  CHECK(code_of_set(index) == ST_E_NOT_REGULAR);
  fs::remove(index);
  fs::create_symlink(index.filename(), index);
  CHECK(code_of_set(folder) == ST_E_IO);
  fs::remove(index);
  fs::create_directory(index);
  CHECK(code_of_set(folder) == ST_E_NOT_REGULAR);
}

TEST_CASE("one truncated shard among 60 is reported with its path", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  fs::create_directory(folder);
  std::vector<std::pair<std::string, std::string>> map;
  for (int i = 0; i < 60; ++i) {
    map.emplace_back("t" + std::to_string(i), "s" + std::to_string(i) + ".safetensors");
    write_shard(folder / map.back().second, {{map.back().first, 1, 100}});
  }
  write_file(folder / index_name, index_text(map));
  CHECK(File::open_set(folder).size() == 60);
  fs::resize_file(folder / "s37.safetensors", fs::file_size(folder / "s37.safetensors") - 1);
  CHECK(code_of_set(folder) == ST_E_COVERAGE);
  CHECK(message_of_set(folder).find("s37.safetensors") != std::string::npos);
  fs::resize_file(folder / "s37.safetensors", 0);
  CHECK(code_of_set(folder) == ST_E_HEADER_TOO_SMALL);
}

TEST_CASE("empty tensors at the ends of shards", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  fs::create_directory(folder);
  write_shard(folder / "m-1.safetensors", {{"a", 1}, {"e1", 0, 0}});
  write_shard(folder / "m-2.safetensors", {{"e2", 0, 0}});
  write_shard(folder / "m-3.safetensors", {{"e3", 0, 0}, {"b", 2}});
  const File set = File::open_set(folder);
  for (const char* name : {"e1", "e2", "e3"}) {
    CHECK(bytes_of(set, name).empty());
    CHECK(set.location(name).shard == static_cast<std::uint64_t>(name[1] - '1'));
    CHECK(set.read<std::uint8_t>(name).empty());
  }
}
