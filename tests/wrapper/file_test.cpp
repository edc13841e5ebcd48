#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>

#include "code_of.hpp"
#include "sample.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;

namespace {

// A File whose source bytes were freed after from_copy.
File file_from_copy() {
  const auto bytes = sample();
  return File::from_copy(bytes);
}

// The sample, opened by each function and with each backend.
std::vector<File> files_of_every_source(const ScratchDirectory& folder) {
  static const std::vector<std::byte> bytes = sample();
  const auto path = folder / "sample.safetensors";
  write_file(path, bytes);
  OpenOptions mapped, read;
  mapped.backend = Backend::Mmap;
  read.backend = Backend::Pread;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::vector<File> files = {
      File::open(path),  File::open(path, mapped), File::open(path, read),
      File::open_fd(fd), File::from_memory(bytes), File::from_memory(sample()),
      file_from_copy(),
  };
  close(fd);
  return files;
}

std::vector<std::string> names_of(const std::vector<TensorInfo>& tensors) {
  std::vector<std::string> names;
  for (const TensorInfo& info : tensors)
    names.emplace_back(info.name);
  return names;
}

}  // namespace

TEST_CASE("every source reads the same tensors", "[wrapper][file]") {
  const ScratchDirectory folder;
  for (const File& file : files_of_every_source(folder)) {
    CHECK(file.size() == 5);
    CHECK(file.read<std::int64_t>("count") == std::vector<std::int64_t>{7});
    CHECK(file.read<float>("matrix") == std::vector<float>{0, 1, 2, 3, 4, 5});
    CHECK(file.read<float>("empty").empty());
    CHECK(file.read<std::uint16_t>("ü") == std::vector<std::uint16_t>{0x3f80, 0xc000});
    const Tensor nibbles = file.get("nibbles");
    CHECK(nibbles.bytes()[1] == std::byte{0x43});
    file.verify_unchanged();
  }
}

TEST_CASE("tensors lists by file offset or by name", "[wrapper][file]") {
  const File file = File::from_memory(sample());
  CHECK(names_of(file.tensors()) ==
        std::vector<std::string>{"count", "empty", "matrix", "ü", "nibbles"});
  CHECK(names_of(file.tensors(Order::Name)) ==
        std::vector<std::string>{"count", "empty", "matrix", "nibbles", "ü"});
}

TEST_CASE("find returns the entry of the header", "[wrapper][file]") {
  const auto bytes = sample();
  const File file = File::from_memory(bytes);
  const auto matrix = file.find("matrix");
  REQUIRE(matrix);
  CHECK(matrix->name == "matrix");
  CHECK(matrix->dtype == Dtype::F32);
  CHECK(std::vector<std::uint64_t>(matrix->shape.begin(), matrix->shape.end()) ==
        std::vector<std::uint64_t>{2, 3});
  CHECK(matrix->nbytes == 24);
  CHECK(matrix->file_offset == bytes.size() - 38 + 8);
  CHECK(file.find("count")->shape.empty());
}

TEST_CASE("find returns nullopt for an absent name; get and read throw ST_E_TENSOR_NOT_FOUND",
          "[wrapper][file]") {
  const File file = File::from_memory(sample());
  std::byte buffer[1];
  CHECK_FALSE(file.find("matri"));
  CHECK_FALSE(file.find(std::string_view("matrix\0", 7)));
  CHECK_FALSE(file.contains(""));
  CHECK(file.contains("matrix"));
  CHECK(code_of<Error>([&] { file.get("none"); }) == ST_E_TENSOR_NOT_FOUND);
  CHECK(code_of<Error>([&] { file.read<float>("none"); }) == ST_E_TENSOR_NOT_FOUND);
  CHECK(code_of<Error>([&] { file.read_into("none", buffer); }) == ST_E_TENSOR_NOT_FOUND);
}

TEST_CASE("metadata returns all entries, or the value of a key", "[wrapper][file]") {
  const File file = File::from_memory(sample());
  CHECK(file.metadata() == Metadata{{"format", "pt"}, {"note", ""}});
  CHECK(file.metadata("format") == "pt");
  CHECK(file.metadata("note") == "");
  CHECK(file.metadata("forma") == std::nullopt);
  CHECK(File::from_memory(file_of("{}", "")).metadata().empty());
}

TEST_CASE("read_into reads into the caller's memory and rejects a smaller buffer",
          "[wrapper][file]") {
  const File file = File::from_memory(sample());
  std::vector<float> values(7, -1.f);
  file.read_into("matrix", values);
  CHECK(values == std::vector<float>{0, 1, 2, 3, 4, 5, -1});
  std::vector<float> short_by_one(5);
  CHECK(code_of<Error>([&] { file.read_into("matrix", short_by_one); }) == ST_E_BUFFER_TOO_SMALL);
}

TEST_CASE("read_slice returns the elements of the slice", "[wrapper][file]") {
  const ScratchDirectory folder;
  for (const File& file : files_of_every_source(folder)) {
    CHECK(file.read_slice<float>("matrix", {{0, 2}, {1, 3}}) == std::vector<float>{1, 2, 4, 5});
    CHECK(file.read_slice<float>("matrix", {{1, 2}, {0, 3}}) == std::vector<float>{3, 4, 5});
    CHECK(file.read_slice<float>("matrix", {{1, 1}, {0, 3}}).empty());
    CHECK(file.read_slice<float>("matrix", {{}, {1, 3}}) == std::vector<float>{1, 2, 4, 5});
    CHECK(file.read_slice<float>("matrix", {{1}}) == std::vector<float>{3, 4, 5});
    CHECK(file.read_slice<float>("matrix", {}) == std::vector<float>{0, 1, 2, 3, 4, 5});
    CHECK(file.read_slice<float>("matrix", {{2}}).empty());
    CHECK(file.read_slice<float>("empty", {{0, 0}, {1, 2}}).empty());
    CHECK(file.read_slice<std::int64_t>("count", {}) == std::vector<std::int64_t>{7});
    CHECK(file.read_slice<std::uint16_t>("ü", {{0, 1}}) == std::vector<std::uint16_t>{0x3f80});
    std::byte row[1];
    CHECK(file.read_slice_into("nibbles", {{1, 2}, {0, 2}}, row) == 1);
    CHECK(row[0] == std::byte{0x43});
    CHECK(file.read_slice_into("matrix", {{0, 2}, {0, 1}}, {}) == 8);
  }
}

TEST_CASE("read_slice rejects a wrong rank, range, buffer or element type", "[wrapper][file]") {
  const File file = File::from_memory(sample());
  std::byte one[1];
  CHECK(code_of<Error>([&] {
          file.read_slice<float>("matrix", {{0, 2}, {}, {}});
        }) == ST_E_INVALID_ARGUMENT);
  CHECK(code_of<Error>([&] {
          file.read_slice<float>("matrix", {{0, 3}, {0, 1}});
        }) == ST_E_OUT_OF_RANGE);
  CHECK(code_of<Error>([&] {
          file.read_slice<float>("matrix", {{1, 0}, {0, 1}});
        }) == ST_E_OUT_OF_RANGE);
  CHECK(code_of<Error>([&] {
          file.read_slice_into("matrix", {{0, 2}, {0, 1}}, one);
        }) == ST_E_BUFFER_TOO_SMALL);
  CHECK(code_of<Error>([&] {
          file.read_slice_into("nibbles", {{0, 1}, {0, 1}}, one);
        }) == ST_E_SUBBYTE);
  CHECK(code_of<Error>([&] {
          file.read_slice<int>("matrix", {{0, 2}, {0, 1}});
        }) == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("OpenOptions are passed to the C ABI", "[wrapper][file]") {
  const auto unknown_field =
      file_of(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}})", "");
  CHECK(File::from_memory(unknown_field).size() == 1);
  OpenOptions strict, small;
  strict.strict = true;
  small.max_header_size = 16;
  CHECK(code_of<Error>([&] { File::from_memory(unknown_field, strict); }) == ST_E_SCHEMA);
  CHECK(code_of<Error>([&] { File::from_memory(unknown_field, small); }) == ST_E_HEADER_TOO_LARGE);
}

TEST_CASE("a copy of a File refers to the same handle", "[wrapper][file]") {
  auto first = std::make_optional(File::from_memory(sample()));
  File second = *first;
  CHECK(second.handle() == first->handle());
  first.reset();
  CHECK(second.size() == 5);
  File third = std::move(second);
  CHECK(third.size() == 5);
  second = third;
  CHECK(second.read<float>("matrix").size() == 6);
}

TEST_CASE("File and Tensor keep the owner of their memory alive", "[wrapper][file]") {
  auto owner = std::make_shared<std::vector<std::byte>>(sample());
  const std::weak_ptr<std::vector<std::byte>> watch = owner;
  std::optional<Tensor> tensor;
  {
    const File file = File::from_memory(owner, *owner);
    owner.reset();
    tensor = file.get("matrix");
  }
  CHECK_FALSE(watch.expired());
  CHECK(tensor->as<float>()[5] == 5);
  tensor.reset();
  CHECK(watch.expired());
}

TEST_CASE("from_memory takes ownership of a container of bytes without a copy", "[wrapper][file]") {
  const auto bytes = sample();
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const char* data = text.data();
  const Tensor count = File::from_memory(std::move(text)).get("count");
  CHECK(count.as<std::int64_t>()[0] == 7);
  CHECK(static_cast<const void*>(count.bytes().data()) == data + bytes.size() - 38);
}

TEST_CASE("from_memory releases the owner if it throws", "[wrapper][file]") {
  auto owner = std::make_shared<std::vector<std::byte>>(file_of("[]", ""));
  CHECK(code_of<Error>([&] { File::from_memory(owner, *owner); }) == ST_E_SCHEMA);
  CHECK(owner.use_count() == 1);
}

TEST_CASE("is_replaced tells whether another file has taken the path", "[wrapper][file]") {
  const ScratchDirectory folder;
  const auto path = folder / "f";
  Builder().add_metadata("version", "1").save(path);
  const File file = File::open(path), copy = file;
  CHECK_FALSE(file.is_replaced());
  Builder().add_metadata("version", "2").save(path);
  CHECK(file.is_replaced());
  CHECK(copy.is_replaced());
  CHECK(file.metadata("version") == "1");
  CHECK_FALSE(File::open(path).is_replaced());
  CHECK_FALSE(File::from_memory(sample()).is_replaced());
  std::filesystem::remove(path);
  std::filesystem::create_symlink(path, path);
  CHECK(code_of<Error>([&] { file.is_replaced(); }) == ST_E_IO);
}

TEST_CASE("prefetch accepts every source, and rejects other names and ranges", "[wrapper][file]") {
  const ScratchDirectory folder;
  for (const File& file : files_of_every_source(folder)) {
    file.prefetch();
    file.prefetch("matrix");
    file.prefetch("empty");
    file.prefetch(0, 8);
    CHECK(code_of<Error>([&] { file.prefetch("none"); }) == ST_E_TENSOR_NOT_FOUND);
    CHECK(code_of<Error>([&] { file.prefetch(8, file.nbytes()); }) == ST_E_OUT_OF_RANGE);
    CHECK(file.read<float>("matrix").size() == 6);
  }
}

TEST_CASE("verify_unchanged and get throw ST_E_TRUNCATED for a truncated file", "[wrapper][file]") {
  const ScratchDirectory folder;
  const auto path = folder / "sample.safetensors";
  write_file(path, sample());
  OpenOptions read;
  read.backend = Backend::Pread;
  const File file = File::open(path, read);
  std::filesystem::resize_file(path, 40);
  CHECK(code_of<Error>([&] { file.verify_unchanged(); }) == ST_E_TRUNCATED);
  CHECK(code_of<Error>([&] { file.get("nibbles"); }) == ST_E_TRUNCATED);
}
