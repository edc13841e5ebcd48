#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <random>
#include <safetensors/safetensors.hpp>
#include <thread>

#include "code_of.hpp"
#include "sample.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;

namespace {

struct Interrupted {};

const std::vector<float> matrix = {0, 1, 2, 3, 4, 5};
const std::vector<std::uint8_t> flags = {1, 0, 1};

std::vector<std::byte> expected() {
  return Builder()
      .add("matrix", Dtype::F32, {2, 3}, matrix)
      .add("flags", Dtype::BOOL, {3}, flags)
      .add_metadata("format", "pt")
      .save_memory();
}

}  // namespace

TEST_CASE("a Writer writes declared tensors by name and by index", "[wrapper][writer]") {
  const ScratchDirectory folder;
  Writer writer(folder / "a", {{"flags", Dtype::BOOL, {3}}, {"matrix", Dtype::F32, {2, 3}}}, {},
                {{"format", "pt"}});
  const Bytes bytes = matrix;
  writer.write("matrix", 8, Bytes(bytes.data() + 8, 16));
  writer.write(1, 0, Bytes(bytes.data(), 8));
  writer.write("flags", flags);
  CHECK_FALSE(std::filesystem::exists(folder / "a"));
  writer.commit();
  CHECK(read_file<std::vector<std::byte>>(folder / "a") == expected());
}

TEST_CASE("a Builder opens a Writer of its tensors and metadata", "[wrapper][writer]") {
  const ScratchDirectory folder;
  Writer writer = Builder()
                      .declare("matrix", Dtype::F32, {2, 3})
                      .add("flags", Dtype::BOOL, {3}, flags)
                      .add_metadata("format", "pt")
                      .open_writer(folder / "a");
  writer.write(0, matrix);
  writer.write("flags", flags);
  writer.commit();
  CHECK(read_file<std::vector<std::byte>>(folder / "a") == expected());
}

TEST_CASE("a Writer passes its options to the C ABI", "[wrapper][writer]") {
  const ScratchDirectory folder;
  SaveOptions options;
  options.mode = 0640;
  options.alignment = 4096;
  options.durability = Durability::Fsync;
  const auto check = [&](Writer writer) {
    writer.write("a", flags);
    writer.commit();
    CHECK((std::filesystem::status(folder / "a").permissions() & std::filesystem::perms::all) ==
          std::filesystem::perms(0640));
    const File file = File::open(folder / "a");
    CHECK(file.find("a")->file_offset == 4096);
    std::filesystem::remove(folder / "a");
  };
  check(Writer(folder / "a", {{"a", Dtype::U8, {3}}}, options));
  check(Builder().declare("a", Dtype::U8, {3}).open_writer(folder / "a", options));
}

TEST_CASE("a Writer reports errors of its arguments", "[wrapper][writer]") {
  const ScratchDirectory folder;
  Writer writer(folder / "a", {{"flags", Dtype::BOOL, {3}}});
  const std::vector<std::uint8_t> four(4);
  CHECK(code_of<Error>([&] { writer.write("flags", four); }) == ST_E_SIZE_MISMATCH);
  CHECK(message_of<Error>([&] { writer.write(0, four); }) == "4 bytes for tensor 0, expected 3");
  CHECK(code_of<Error>([&] { writer.write("flags", 0, four); }) == ST_E_OUT_OF_RANGE);
  CHECK(code_of<Error>([&] { writer.write(1, flags); }) == ST_E_OUT_OF_RANGE);
  CHECK(message_of<Error>([&] { writer.write("x", flags); }) == "the writer has no tensor \"x\"");
  CHECK(code_of<Error>([&] { writer.commit(); }) == ST_E_INCOMPLETE);
  writer.write("flags", flags);
  writer.commit();
  CHECK(code_of<Error>([&] { writer.commit(); }) == ST_E_INVALID_ARGUMENT);
  CHECK(code_of<Error>([&] { writer.write(0, flags); }) == ST_E_INVALID_ARGUMENT);
  CHECK(code_of<Error>([&] {
          Writer(folder / "b", {{"a", Dtype::U8, {1}}, {"a", Dtype::U8, {1}}});
        }) == ST_E_DUPLICATE);
  CHECK(code_of<Error>([&] { Writer(folder / "b", {{"a", Dtype{}, {1}}}); }) == ST_E_DTYPE);
  CHECK(folder.names() == std::set<std::string>{"a"});
}

TEST_CASE("a Writer can be moved, and removes what it wrote unless it commits",
          "[wrapper][writer]") {
  const ScratchDirectory folder;
  write_file(folder / "a", "old");
  {
    Writer first(folder / "a", {{"flags", Dtype::BOOL, {3}}});
    Writer second = std::move(first);
    second.write("flags", flags);
    CHECK(second.handle() != nullptr);
  }
  CHECK(read_file(folder / "a") == "old");
  CHECK(folder.names() == std::set<std::string>{"a"});
}

TEST_CASE("threads write through one Writer", "[wrapper][writer]") {
  const ScratchDirectory folder;
  std::vector<std::uint32_t> values(40'000);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<std::uint32_t>(i * 2654435761u);
  const Bytes bytes = values;
  Writer writer(folder / "a", {{"w", Dtype::U32, {values.size()}}});
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t offset = t * 1000; offset < bytes.size(); offset += 4000)
        writer.write("w", offset, Bytes(bytes.data() + offset, 1000));
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  writer.commit();
  CHECK(File::open(folder / "a").read<std::uint32_t>("w") == values);
}

TEST_CASE("declare validates its tensor, and a declared tensor cannot be saved",
          "[wrapper][writer]") {
  const ScratchDirectory folder;
  Builder builder;
  CHECK(code_of<Error>([&] { builder.declare("a", Dtype::F4, {3}); }) == ST_E_SUBBYTE);
  CHECK(code_of<Error>([&] { builder.declare("a", Dtype{}, {3}); }) == ST_E_DTYPE);
  CHECK(code_of<Error>([&] {
          builder.declare("a", Dtype::F32, {UINT64_MAX, 2});
        }) == ST_E_OVERFLOW);
  builder.declare("a", Dtype::F32, {0});
  CHECK(File::from_memory(builder.save_memory()).size() == 1);
  builder.declare("b", Dtype::F32, {1});
  CHECK(code_of<Error>([&] { builder.save(folder / "a"); }) == ST_E_INVALID_ARGUMENT);
  CHECK(code_of<Error>([&] { builder.save_memory(); }) == ST_E_INVALID_ARGUMENT);
  CHECK(code_of<Error>([&] { builder.save_to([](Bytes) { FAIL("called"); }); }) ==
        ST_E_INVALID_ARGUMENT);
  CHECK(folder.names().empty());
}

TEST_CASE("save_to passes the bytes of save in order", "[wrapper][writer]") {
  std::vector<std::byte> received;
  const auto append = [&](Bytes bytes) {
    received.insert(received.end(), bytes.begin(), bytes.end());
  };
  Builder builder;
  builder.add("matrix", Dtype::F32, {2, 3}, matrix)
      .add("flags", Dtype::BOOL, {3}, flags)
      .add_metadata("format", "pt")
      .save_to(append);
  CHECK(received == expected());
  std::uint64_t done = 0;
  SaveOptions options;
  options.progress = [&](std::uint64_t bytes, std::uint64_t) {
    done = bytes;
    return true;
  };
  builder.save_to(append, options);
  CHECK(done == expected().size());
}

TEST_CASE("save_to rethrows what its callables throw", "[wrapper][writer]") {
  Builder builder;
  builder.add("flags", Dtype::BOOL, {3}, flags);
  CHECK_THROWS_AS(builder.save_to([](Bytes) { throw Interrupted(); }), Interrupted);
  SaveOptions options;
  options.progress = [](std::uint64_t, std::uint64_t) -> bool { throw Interrupted(); };
  CHECK_THROWS_AS(builder.save_to([](Bytes) {}, options), Interrupted);
  options.progress = [](std::uint64_t, std::uint64_t) { return false; };
  CHECK(code_of<Error>([&] { builder.save_to([](Bytes) {}, options); }) == ST_E_CANCELLED);
}
