#include <array>
#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>

#include "code_of.hpp"
#include "sample.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;

namespace {

struct Interrupted {};

const std::vector<float> matrix_values = {0, 1, 2, 3, 4, 5};

// The tensors of sample(), in another order.
Builder sample_builder() {
  Builder builder;
  builder.add("nibbles", Dtype::F4, {2, 2}, std::vector<std::uint8_t>{0x21, 0x43})
      .add("empty", Dtype::F32, {0, 4}, Bytes())
      .add("matrix", Dtype::F32, {2, 3}, matrix_values)
      .add("ü", Dtype::BF16, {2}, std::vector<std::uint16_t>{0x3f80, 0xc000})
      .add("count", Dtype::I64, {}, std::array<std::int64_t, 1>{7})
      .add_metadata("note", "")
      .add_metadata("format", "pt");
  return builder;
}

}  // namespace

TEST_CASE("Builder writes the bytes that the reference implementation writes",
          "[wrapper][builder]") {
  const ScratchDirectory folder;
  const Builder builder = sample_builder();
  builder.save(folder / "a.safetensors");
  CHECK(read_file<std::vector<std::byte>>(folder / "a.safetensors") == sample());
  CHECK(builder.save_memory() == sample());
  CHECK(builder.save_size() == sample().size());
  std::vector<std::byte> buffer(sample().size() + 1);
  CHECK(builder.save_into(buffer) == sample().size());
  buffer.pop_back();
  CHECK(buffer == sample());
  buffer.pop_back();
  CHECK(code_of<Error>([&] { builder.save_into(buffer); }) == ST_E_BUFFER_TOO_SMALL);
}

TEST_CASE("an empty Builder saves a file without tensors", "[wrapper][builder]") {
  CHECK(File::from_memory(Builder().save_memory()).size() == 0);
}

TEST_CASE("a Builder keeps the added tensors of a File that is closed and replaced",
          "[wrapper][builder]") {
  const ScratchDirectory folder;
  const auto path = folder / "a.safetensors";
  write_file(path, sample());
  Builder builder;
  {
    const File file = File::open(path);
    for (const auto& info : file.tensors())
      builder.add(file.get(info.name));
    builder.add_metadata(file.metadata());
  }
  builder.save(path);  // replaces the file that they are mapped from
  CHECK(read_file<std::vector<std::byte>>(path) == sample());
}

TEST_CASE("add accepts a Tensor under another name", "[wrapper][builder]") {
  const Tensor matrix = File::from_memory(sample()).get("matrix");
  const File file = File::from_memory(Builder().add("renamed", matrix).save_memory());
  CHECK(file.size() == 1);
  CHECK(file.read<float>("renamed") == matrix_values);
}

TEST_CASE("add rejects an invalid tensor", "[wrapper][builder]") {
  Builder builder;
  const std::vector<float> six(6);
  CHECK(code_of<Error>([&] { builder.add("a", Dtype::F32, {2, 2}, six); }) == ST_E_SIZE_MISMATCH);
  CHECK(code_of<Error>([&] {
          builder.add("a", Dtype::F32, {2, 3, 0}, six);
        }) == ST_E_SIZE_MISMATCH);
  CHECK(code_of<Error>([&] { builder.add("a", Dtype{}, {2, 3}, six); }) == ST_E_DTYPE);
  CHECK(code_of<Error>([&] { builder.add("\xff", Dtype::F32, {2, 3}, six); }) == ST_E_UTF8);
  CHECK(code_of<Error>([&] {
          builder.add("__metadata__", Dtype::F32, {2, 3}, six);
        }) == ST_E_INVALID_ARGUMENT);
  CHECK(code_of<Error>([&] { builder.add("a", Dtype::F4, {3}, std::vector<std::uint8_t>(1)); }) ==
        ST_E_SUBBYTE);
  CHECK(code_of<Error>([&] {
          builder.add("a", Dtype::F32, {UINT64_MAX, 2}, six);
        }) == ST_E_OVERFLOW);
  CHECK(builder.save_memory() == Builder().save_memory());
}

TEST_CASE("add releases the callable of a rejected tensor", "[wrapper][builder]") {
  const auto token = std::make_shared<int>(0);
  Builder builder;
  CHECK(code_of<Error>([&] {
          builder.add("x", Dtype::U8, {1}, 2, [token](std::uint64_t, MutableBytes) {});
        }) == ST_E_SIZE_MISMATCH);
  CHECK(token.use_count() == 1);
  builder.add("x", Dtype::U8, {2}, 2, [token](std::uint64_t, MutableBytes) {});
  CHECK(token.use_count() == 2);
}

TEST_CASE("save rejects duplicate tensor names", "[wrapper][builder]") {
  const ScratchDirectory folder;
  Builder builder;
  builder.add("a", Dtype::F32, {6}, matrix_values).add("a", Dtype::F32, {2, 3}, matrix_values);
  CHECK(code_of<Error>([&] { builder.save(folder / "a"); }) == ST_E_DUPLICATE);
  CHECK_FALSE(std::filesystem::exists(folder / "a"));
}

TEST_CASE("save reads the bytes of a tensor from a callable in pieces", "[wrapper][builder]") {
  const std::uint64_t count = 5'000'000;
  std::uint64_t expected_offset = 0;
  Builder builder;
  builder.add("x", Dtype::U8, {count}, count, [&](std::uint64_t offset, MutableBytes buffer) {
    CHECK(offset == expected_offset);
    expected_offset = offset + buffer.size();
    for (std::size_t i = 0; i < buffer.size(); ++i)
      buffer[i] = std::byte((offset + i) % 251);
  });
  const Tensor x = File::from_memory(builder.save_memory()).get("x");
  CHECK(expected_offset == count);
  REQUIRE(x.bytes().size() == count);
  bool same = true;
  for (std::size_t i = 0; i < count; ++i)
    same = same && x.bytes()[i] == std::byte(i % 251);
  CHECK(same);
}

TEST_CASE("save rethrows what a fill callable throws and leaves the old file unchanged",
          "[wrapper][builder]") {
  const ScratchDirectory folder;
  write_file(folder / "a", sample());
  bool failing = true;
  Builder builder;
  builder.add("x", Dtype::U8, {4}, 4, [&](std::uint64_t, MutableBytes buffer) {
    if (failing) throw Interrupted();
    std::memset(buffer.data(), 7, buffer.size());
  });
  CHECK_THROWS_AS(builder.save(folder / "a"), Interrupted);
  CHECK_THROWS_AS(builder.save_memory(), Interrupted);
  CHECK(read_file<std::vector<std::byte>>(folder / "a") == sample());
  failing = false;
  builder.save(folder / "a");
  CHECK(File::open(folder / "a").read<std::uint8_t>("x") == std::vector<std::uint8_t>(4, 7));
}

TEST_CASE("a moved Builder keeps its callables", "[wrapper][builder]") {
  Builder first;
  first.add("x", Dtype::U8, {1}, 1, [](std::uint64_t, MutableBytes) { throw Interrupted(); });
  const Builder second = std::move(first);
  CHECK_THROWS_AS(second.save_memory(), Interrupted);
}

TEST_CASE("progress ends at the size of the file", "[wrapper][builder]") {
  const ScratchDirectory folder;
  std::uint64_t last = 0, reported_total = 0;
  SaveOptions options;
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    CHECK(done >= last);
    last = done;
    reported_total = total;
    return true;
  };
  sample_builder().save(folder / "a", options);
  CHECK(last == sample().size());
  CHECK(reported_total == sample().size());
}

TEST_CASE("a progress callable cancels the save by returning false or by throwing",
          "[wrapper][builder]") {
  const ScratchDirectory folder;
  write_file(folder / "a", "");
  SaveOptions returning, throwing;
  returning.progress = [](std::uint64_t, std::uint64_t) { return false; };
  throwing.progress = [](std::uint64_t, std::uint64_t) -> bool { throw Interrupted(); };
  const Builder builder = sample_builder();
  CHECK(code_of<Error>([&] { builder.save(folder / "a", returning); }) == ST_E_CANCELLED);
  CHECK_THROWS_AS(builder.save(folder / "a", throwing), Interrupted);
  CHECK(read_file(folder / "a").empty());
}

TEST_CASE("save passes its options to the C ABI", "[wrapper][builder]") {
  const ScratchDirectory folder;
  SaveOptions options;
  options.mode = 0640;
  options.alignment = 4096;
  options.durability = Durability::Fsync;
  sample_builder().save(folder / "a", options);
  CHECK((std::filesystem::status(folder / "a").permissions() & std::filesystem::perms::all) ==
        std::filesystem::perms(0640));
  const File file = File::open(folder / "a");
  CHECK(file.find("count")->file_offset == 4096);
  options.alignment = 3;
  CHECK(code_of<Error>([&] { sample_builder().save(folder / "a", options); }) ==
        ST_E_INVALID_ARGUMENT);
}
