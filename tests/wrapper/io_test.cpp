#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>
#include <thread>

#include "sample.hpp"

using namespace safetensors;

namespace {

// Not a std::exception, so that nothing can mistake it for one of the library's.
struct Unplugged {
  std::uint64_t offset;
};

// Reads the sample; breaks wherever `broken_from` says.
struct Device {
  std::vector<std::byte> bytes = sample();
  std::uint64_t broken_from = UINT64_MAX;

  void operator()(std::uint64_t offset, MutableBytes buffer) const {
    if (offset + buffer.size() > broken_from) throw Unplugged{offset};
    std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
  }
};

}  // namespace

TEST_CASE("a file reads through a callable", "[wrapper][io]") {
  const Device device;
  const File file = File::from_io(device.bytes.size(), device);
  CHECK(file.size() == 5);
  CHECK(file.read<float>("matrix") == std::vector<float>{0, 1, 2, 3, 4, 5});
  CHECK(file.read_slice<float>("matrix", {{1, 2}, {1, 2}}) == std::vector<float>{4});
  const Tensor count = file.get("count");
  CHECK(count.as<std::int64_t>()[0] == 7);
  file.verify_unchanged();
}

TEST_CASE("what the callable throws comes out of opening", "[wrapper][io]") {
  Device device;
  device.broken_from = 0;
  CHECK_THROWS_AS(File::from_io(device.bytes.size(), device), Unplugged);
}

TEST_CASE("what the callable throws comes out of each way of reading", "[wrapper][io]") {
  Device device;
  device.broken_from = device.bytes.size() - 1;
  const File file = File::from_io(device.bytes.size(), device);
  std::byte buffer[8];
  CHECK_THROWS_AS(file.get("nibbles"), Unplugged);
  CHECK_THROWS_AS(file.read_into("nibbles", buffer), Unplugged);
  CHECK_THROWS_AS(file.read<std::uint8_t>("nibbles"), Error);
  CHECK_THROWS_AS(file.read_slice_into("nibbles", {{1, 2}, {0, 2}}, buffer), Unplugged);
  CHECK(file.read<float>("matrix").size() == 6);
}

TEST_CASE("a copy of the File throws what the callable throws too", "[wrapper][io]") {
  Device device;
  device.broken_from = device.bytes.size() - 1;
  std::optional<File> file = File::from_io(device.bytes.size(), device);
  const File copy = *file;
  file.reset();
  CHECK_THROWS_AS(copy.get("nibbles"), Unplugged);
}

TEST_CASE("each thread gets its own exception", "[wrapper][io]") {
  const auto bytes = sample();
  const auto device = [&](std::uint64_t offset, MutableBytes buffer) {
    if (offset + buffer.size() == bytes.size() && offset > 8) throw std::this_thread::get_id();
    std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
  };
  const File file = File::from_io(bytes.size(), device);
  std::vector<int> right(4);
  std::vector<std::thread> threads;
  for (int& count : right)
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
  CHECK(right == std::vector<int>(4, 100));
}

TEST_CASE("an exception is let go once it came out", "[wrapper][io]") {
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

TEST_CASE("the callable lives until the last handle goes", "[wrapper][io]") {
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

TEST_CASE("the callable is let go when opening fails", "[wrapper][io]") {
  auto token = std::make_shared<int>(0);
  CHECK_THROWS_AS(File::from_io(4, [token](std::uint64_t, MutableBytes) {}), Error);
  CHECK(token.use_count() == 1);
}
