#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>
#include <thread>

#include "sample.hpp"

using namespace safetensors;

namespace {

// Not a std::exception: the library throws no exception of this type.
struct ReadFailure {
  std::uint64_t offset;
};

// Reads the sample; throws for bytes at `fails_from` and above.
struct SampleReader {
  std::vector<std::byte> bytes = sample();
  std::uint64_t fails_from = UINT64_MAX;

  void operator()(std::uint64_t offset, MutableBytes buffer) const {
    if (offset + buffer.size() > fails_from) throw ReadFailure{offset};
    std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
  }
};

}  // namespace

TEST_CASE("from_io reads a file through a callable", "[wrapper][io]") {
  const SampleReader reader;
  const File file = File::from_io(reader.bytes.size(), reader);
  CHECK(file.size() == 5);
  CHECK(file.read<float>("matrix") == std::vector<float>{0, 1, 2, 3, 4, 5});
  CHECK(file.read_slice<float>("matrix", {{1, 2}, {1, 2}}) == std::vector<float>{4});
  const Tensor count = file.get("count");
  CHECK(count.as<std::int64_t>()[0] == 7);
  file.verify_unchanged();
}

TEST_CASE("from_io rethrows what the callable throws", "[wrapper][io]") {
  SampleReader reader;
  reader.fails_from = 0;
  CHECK_THROWS_AS(File::from_io(reader.bytes.size(), reader), ReadFailure);
}

TEST_CASE("get, read_into and read_slice_into rethrow what the callable throws", "[wrapper][io]") {
  SampleReader reader;
  reader.fails_from = reader.bytes.size() - 1;
  const File file = File::from_io(reader.bytes.size(), reader);
  std::byte buffer[8];
  CHECK_THROWS_AS(file.get("nibbles"), ReadFailure);
  CHECK_THROWS_AS(file.read_into("nibbles", buffer), ReadFailure);
  CHECK_THROWS_AS(file.read<std::uint8_t>("nibbles"), Error);
  CHECK_THROWS_AS(file.read_slice_into("nibbles", {{1, 2}, {0, 2}}, buffer), ReadFailure);
  CHECK(file.read<float>("matrix").size() == 6);
}

TEST_CASE("a copy of the File rethrows what the callable throws", "[wrapper][io]") {
  SampleReader reader;
  reader.fails_from = reader.bytes.size() - 1;
  std::optional<File> file = File::from_io(reader.bytes.size(), reader);
  const File copy = *file;
  file.reset();
  CHECK_THROWS_AS(copy.get("nibbles"), ReadFailure);
}

TEST_CASE("each thread receives the exception of its own call", "[wrapper][io]") {
  const auto bytes = sample();
  const auto reader = [&](std::uint64_t offset, MutableBytes buffer) {
    if (offset + buffer.size() == bytes.size() && offset > 8) throw std::this_thread::get_id();
    std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
  };
  const File file = File::from_io(bytes.size(), reader);
  std::vector<int> rethrown(4);
  std::vector<std::thread> threads;
  for (int& count : rethrown)
    threads.emplace_back([&file, &count] {
      for (int i = 0; i < 100; ++i)
        try {
          file.get("nibbles");
        } catch (const std::thread::id& id) {
          count += id == std::this_thread::get_id();
        }
    });
  for (std::thread& thread : threads)
    thread.join();
  CHECK(rethrown == std::vector<int>(4, 100));
}

TEST_CASE("a callable may use the File that it reads", "[wrapper][io]") {
  const auto bytes = sample();
  std::optional<File> file;
  bool nested = false;
  file = File::from_io(bytes.size(), [&](std::uint64_t offset, MutableBytes buffer) {
    if (nested) throw ReadFailure{offset};
    if (file) {
      nested = true;
      CHECK_THROWS_AS(file->get("matrix"), ReadFailure);
      CHECK(st_read_at(file->handle(), 0, buffer.data(), 1, nullptr) == ST_E_IO);
      nested = false;
      if (offset + buffer.size() == bytes.size()) throw 1;
    }
    std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
  });
  CHECK(file->read<float>("matrix").size() == 6);
  CHECK_THROWS_AS(file->get("nibbles"), int);
}

TEST_CASE("a call of the C ABI leaves no exception for later calls", "[wrapper][io]") {
  const auto bytes = sample();
  const File* opened = nullptr;
  int count = 0, destroyed = 0;
  // Uses the File when it is destroyed first.
  struct Failure {
    int number;
    std::shared_ptr<void> on_destruction;
  };
  const File file = File::from_io(bytes.size(), [&](std::uint64_t offset, MutableBytes buffer) {
    if (offset + buffer.size() == bytes.size() && offset > 8) {
      ++count;
      throw Failure{count, std::shared_ptr<void>(&count, [&](void*) {
                      if (++destroyed == 1) CHECK_THROWS_AS(opened->get("nibbles"), Failure);
                    })};
    }
    std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
  });
  opened = &file;
  std::byte buffer[2];
  CHECK(st_read_tensor(file.handle(), "nibbles", 7, buffer, 2, nullptr) == ST_E_IO);
  CHECK(file.read<float>("matrix").size() == 6);
  CHECK(destroyed == 0);
  try {
    file.get("nibbles");
    FAIL("get does not throw");
  } catch (const Failure& failure) {
    CHECK(failure.number == 2);
    CHECK(destroyed == 2);
  }
  CHECK(destroyed == 3);
  CHECK_THROWS_AS(file.get("none"), Error);
}

TEST_CASE("File releases an exception after it is rethrown", "[wrapper][io]") {
  struct Holding {
    std::shared_ptr<int> token;
  };
  const auto bytes = sample();
  const auto token = std::make_shared<int>(0);
  const File file = File::from_io(bytes.size(), [&](std::uint64_t offset, MutableBytes buffer) {
    if (offset + buffer.size() == bytes.size() && offset > 8) throw Holding{token};
    std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
  });
  CHECK_THROWS_AS(file.get("nibbles"), Holding);
  CHECK(token.use_count() == 1);
}

TEST_CASE("the callable is destroyed with the last copy of the File", "[wrapper][io]") {
  auto token = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = token;
  const auto bytes = sample();
  std::optional<File> file = File::from_io(
      bytes.size(), [&bytes, token = std::move(token)](std::uint64_t offset, MutableBytes buffer) {
        std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
      });
  std::optional<File> copy = file;
  file.reset();
  CHECK_FALSE(watch.expired());
  copy.reset();
  CHECK(watch.expired());
}

TEST_CASE("from_io destroys the callable if it throws", "[wrapper][io]") {
  auto token = std::make_shared<int>(0);
  CHECK_THROWS_AS(File::from_io(4, [token](std::uint64_t, MutableBytes) {}), Error);
  CHECK(token.use_count() == 1);
}
