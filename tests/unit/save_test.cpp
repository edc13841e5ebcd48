#include "save.h"

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "code_of.hpp"
#include "error.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

struct Filled {
  std::string bytes;
  std::vector<std::uint64_t> asked;
  std::int32_t failure = 0;
};

std::int32_t fill(void* user_data, std::uint64_t offset, void* buffer, std::uint64_t count) {
  auto* filled = static_cast<Filled*>(user_data);
  filled->asked.push_back(offset);
  std::memcpy(buffer, filled->bytes.data() + offset, static_cast<std::size_t>(count));
  return filled->failure;
}

struct Model {
  Filled filled;
  std::string plain;
  std::uint64_t filled_shape[1];
  std::uint64_t plain_shape[1];
  std::vector<TensorToSave> tensors;
  SavePlan plan;

  explicit Model(std::size_t size) : plain(size, 'p'), filled_shape{size}, plain_shape{size} {
    // No two pieces of a fill callback are equal.
    for (std::size_t i = 0; i < size; ++i)
      filled.bytes.push_back(static_cast<char>(i % 251));
    tensors = {{"from memory", Dtype::u8, plain_shape,
                reinterpret_cast<const std::byte*>(plain.data()), size, nullptr, nullptr},
               {"filled", Dtype::u8, filled_shape, nullptr, size, fill, &filled}};
    plan = plan_save(tensors, {}, MetadataForm::absent, 8);
  }

  std::string expected() const {
    return std::string(plan.header_bytes.begin(), plan.header_bytes.end()) + filled.bytes + plain;
  }
};

// Cancels when `limit` calls have been made.
struct Reports {
  std::vector<std::uint64_t> done;
  std::size_t limit = SIZE_MAX;
  static std::int32_t report(void* user_data, std::uint64_t done, std::uint64_t) {
    auto* reports = static_cast<Reports*>(user_data);
    reports->done.push_back(done);
    return reports->done.size() >= reports->limit ? -1 : 0;
  }
};

// A sink that fails in its call number `fail_at`.
struct Received {
  std::string bytes;
  std::vector<std::uint64_t> sizes;
  const void* last = nullptr;  // the memory of the last piece
  std::size_t fail_at = SIZE_MAX;
  std::int32_t failure = 0;
  static std::int32_t write(void* user_data, std::uint64_t offset, const void* buffer,
                            std::uint64_t count) {
    auto* received = static_cast<Received*>(user_data);
    if (received->sizes.size() == received->fail_at) return received->failure;
    CHECK(offset == received->bytes.size());
    received->bytes.append(static_cast<const char*>(buffer), static_cast<std::size_t>(count));
    received->sizes.push_back(count);
    received->last = buffer;
    return 0;
  }
  Sink sink() { return {write, this}; }
};

}  // namespace

TEST_CASE("a file and memory get the same bytes, from memory and from fill callbacks") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{20'000'003}}) {
    Model model(size);
    const ScratchDirectory scratch;
    save_to_file((scratch / "file").c_str(), model.tensors, model.plan, {}, {});
    CHECK(read_file(scratch / "file") == model.expected());
    std::string memory(model.plan.file_size, '\0');
    save_to_memory(memory.data(), model.tensors, model.plan, {});
    CHECK(memory == model.expected());
    Received received;
    save_to_sink(received.sink(), model.tensors, model.plan, {});
    CHECK(received.bytes == model.expected());
  }
}

TEST_CASE("a sink receives the header first, and tensors in pieces of their own memory") {
  Model model(20'000'003);
  Received received;
  save_to_sink(received.sink(), model.tensors, model.plan, {});
  REQUIRE(received.sizes.size() > 3);
  CHECK(received.sizes.front() == model.plan.header_bytes.size());
  for (const std::uint64_t size : received.sizes) {
    CHECK(size > 0);
    CHECK(size <= std::uint64_t{16} << 20);
  }
  // The last piece is the end of the tensor in memory, which is the last of the file.
  CHECK(static_cast<const char*>(received.last) + received.sizes.back() ==
        model.plain.data() + model.plain.size());
}

TEST_CASE("a sink can fail with an errno value, or cancel, at each of its calls") {
  Model model(20'000'003);
  Received all;
  save_to_sink(all.sink(), model.tensors, model.plan, {});
  for (std::size_t fail_at = 0; fail_at < all.sizes.size(); ++fail_at) {
    Received failing, cancelling;
    failing.fail_at = cancelling.fail_at = fail_at;
    failing.failure = EPIPE;
    cancelling.failure = -1;
    try {
      save_to_sink(failing.sink(), model.tensors, model.plan, {});
      FAIL("nothing was thrown");
    } catch (const Error& error) {
      CHECK(error.code() == Code::io);
      CHECK(error.os_error() == EPIPE);
      CHECK(error.position() == failing.bytes.size());
      CHECK(std::string(error.what()).find("write callback") != std::string::npos);
    }
    CHECK(failing.sizes.size() == fail_at);
    CHECK(code_of<Error>([&] { save_to_sink(cancelling.sink(), model.tensors, model.plan, {}); }) ==
          Code::cancelled);
  }
}

TEST_CASE("a tensor with bytes but without data and fill callback is rejected") {
  Model model(5);
  model.tensors[1].fill = nullptr;
  const ScratchDirectory scratch;
  Received received;
  std::string memory(model.plan.file_size, '\0');
  CHECK(code_of<Error>([&] {
          save_to_file((scratch / "file").c_str(), model.tensors, model.plan, {}, {});
        }) == Code::invalid_argument);
  CHECK(code_of<Error>([&] { save_to_memory(memory.data(), model.tensors, model.plan, {}); }) ==
        Code::invalid_argument);
  CHECK(message_of<Error>([&] { save_to_sink(received.sink(), model.tensors, model.plan, {}); }) ==
        "tensor \"filled\" is declared without its bytes: only a writer can save it");
  CHECK(scratch.names().empty());
  CHECK(memory == std::string(memory.size(), '\0'));
  CHECK(received.sizes.empty());
}

TEST_CASE("fill callbacks are called in ascending order") {
  Model model(10'000'000);
  const ScratchDirectory scratch;
  save_to_file((scratch / "file").c_str(), model.tensors, model.plan, {}, {});
  REQUIRE(model.filled.asked.size() > 1);
  CHECK(model.filled.asked.front() == 0);
  CHECK(std::is_sorted(model.filled.asked.begin(), model.filled.asked.end()));
}

TEST_CASE("the progress callback reports up to the file size, and can cancel every step") {
  Model model(40'000'000);
  const ScratchDirectory scratch;
  write_file(scratch / "file", "old");
  Reports all;
  std::string memory(model.plan.file_size, '\0');
  save_to_memory(memory.data(), model.tensors, model.plan, {Reports::report, &all});
  CHECK(all.done.back() == model.plan.file_size);
  CHECK(std::is_sorted(all.done.begin(), all.done.end()));

  Reports in_file;
  save_to_file((scratch / "probe").c_str(), model.tensors, model.plan, {},
               {Reports::report, &in_file});
  CHECK(in_file.done.back() == model.plan.file_size);
  Reports in_sink;
  Received received;
  save_to_sink(received.sink(), model.tensors, model.plan, {Reports::report, &in_sink});
  CHECK(in_sink.done == in_file.done);
  for (std::size_t limit = 1; limit <= in_file.done.size(); ++limit) {
    Reports reports{{}, limit};
    CHECK(code_of<Error>([&] {
            save_to_file((scratch / "file").c_str(), model.tensors, model.plan, {},
                         {Reports::report, &reports});
          }) == Code::cancelled);
    CHECK(read_file(scratch / "file") == "old");
  }
  CHECK(scratch.names() == std::set<std::string>{"file", "probe"});
}

TEST_CASE("a fill callback can fail with an errno value, or cancel") {
  Model model(10);
  const ScratchDirectory scratch;
  model.filled.failure = ENODEV;
  try {
    save_to_file((scratch / "file").c_str(), model.tensors, model.plan, {}, {});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::io);
    CHECK(error.os_error() == ENODEV);
  }
  model.filled.failure = -1;
  CHECK(code_of<Error>([&] {
          save_to_file((scratch / "file").c_str(), model.tensors, model.plan, {}, {});
        }) == Code::cancelled);
  CHECK(scratch.names().empty());
}
