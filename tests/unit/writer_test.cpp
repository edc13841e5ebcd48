#include "writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <random>
#include <string>
#include <vector>

#include "code_of.hpp"
#include "error.h"
#include "save.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

struct Model {
  std::vector<std::string> names;
  std::vector<std::string> contents;
  std::vector<std::uint64_t> extents;
  std::vector<TensorToSave> tensors;
  SavePlan plan;

  // One tensor of U8 for each size. The names descend, so that the file has the last tensor first.
  explicit Model(const std::vector<std::uint64_t>& sizes) : extents(sizes) {
    std::mt19937 random(7);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      names.push_back(std::string(1, static_cast<char>('z' - i)));
      contents.emplace_back(static_cast<std::size_t>(sizes[i]), '\0');
      for (char& byte : contents.back())
        byte = static_cast<char>(random());
    }
    for (std::size_t i = 0; i < sizes.size(); ++i)
      tensors.push_back({names[i],
                         Dtype::u8,
                         {&extents[i], 1},
                         reinterpret_cast<const std::byte*>(contents[i].data()),
                         sizes[i],
                         nullptr,
                         nullptr});
    plan = plan_save(tensors, {}, MetadataForm::absent, 8);
  }

  std::span<const std::byte> bytes(std::size_t i, std::uint64_t offset, std::uint64_t count) const {
    return std::as_bytes(std::span(contents[i])).subspan(offset, count);
  }
  std::string expected() const {
    std::string memory(plan.file_size, '\0');
    save_to_memory(memory.data(), tensors, plan, {});
    return memory;
  }
};

// The error of a commit that must fail.
Error commit_error(Writer* writer) {
  try {
    writer->commit();
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  throw;
}

}  // namespace

TEST_CASE("pieces in random order, some of them repeated, give the bytes of a save") {
  const Model model({100'000, 0, 1, 77'777});
  const ScratchDirectory scratch;
  write_file(scratch / "file", "old");
  struct Piece {
    std::size_t index;
    std::uint64_t offset, count;
  };
  std::mt19937 random(11);
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const std::uint64_t nbytes = model.tensors[i].nbytes;
    for (std::uint64_t offset = 0; offset < nbytes;) {
      const std::uint64_t count = std::min<std::uint64_t>(1 + random() % 999, nbytes - offset);
      pieces.push_back({i, offset, count});
      // Overlaps what follows.
      pieces.push_back({i, offset, std::min<std::uint64_t>(count + 50, nbytes - offset)});
      offset += count;
    }
  }
  std::shuffle(pieces.begin(), pieces.end(), random);
  Writer writer((scratch / "file").c_str(), model.tensors, model.plan, {});
  for (const Piece& piece : pieces)
    writer.write(piece.index, piece.offset, model.bytes(piece.index, piece.offset, piece.count));
  CHECK(read_file(scratch / "file") == "old");
  writer.commit();
  CHECK(read_file(scratch / "file") == model.expected());
  CHECK(scratch.names() == std::set<std::string>{"file"});
}

TEST_CASE("a commit names the tensors that lack bytes, and the writer goes on") {
  const Model model({10, 0, 20, 30, 40, 50});
  const ScratchDirectory scratch;
  const std::string path = scratch / "file";
  Writer writer(path.c_str(), model.tensors, model.plan, {});
  writer.write(0, 0, model.bytes(0, 0, 4));
  writer.write(0, 5, model.bytes(0, 5, 5));
  {
    const Error error = commit_error(&writer);
    CHECK(error.code() == Code::incomplete);
    CHECK(std::string(error.what()) ==
          "cannot commit \"" + path +
              "\": 5 of 6 tensors lack bytes: \"z\" (from byte 4 on), \"x\", \"w\", ...");
    CHECK(error.position() == model.plan.file_size - 10 + 4);
  }
  writer.write(0, 4, model.bytes(0, 4, 1));
  for (const std::size_t i : {2u, 3u, 4u})
    writer.write(i, 0, model.bytes(i, 0, model.tensors[i].nbytes));
  writer.write(5, 0, model.bytes(5, 0, 49));
  CHECK(std::string(commit_error(&writer).what()) ==
        "cannot commit \"" + path + "\": 1 of 6 tensors lack bytes: \"u\" (from byte 49 on)");
  CHECK_FALSE(std::filesystem::exists(path));
  writer.write(5, 49, model.bytes(5, 49, 1));
  writer.commit();
  CHECK(read_file(path) == model.expected());
}

TEST_CASE("a file whose tensors have 0 bytes needs no write") {
  const Model model({0, 0});
  const ScratchDirectory scratch;
  Writer writer((scratch / "file").c_str(), model.tensors, model.plan, {});
  writer.write(1, 0, {});
  writer.commit();
  CHECK(read_file(scratch / "file") == model.expected());
}

TEST_CASE("writes outside of a tensor are rejected before they write anything") {
  const Model model({10, 20});
  const ScratchDirectory scratch;
  Writer writer((scratch / "file").c_str(), model.tensors, model.plan, {});
  const std::string bytes(21, 'x');
  const auto piece = [&](std::size_t count) {
    return std::as_bytes(std::span(bytes)).first(count);
  };
  for (const std::size_t i : {0u, 1u})
    writer.write(i, 0, model.bytes(i, 0, model.tensors[i].nbytes));
  CHECK(message_of<Error>([&] { writer.write(0, 8, piece(3)); }) ==
        "tensor \"z\" has 10 bytes: cannot write 3 bytes at offset 8");
  CHECK(message_of<Error>([&] { writer.write(2, 0, piece(1)); }) ==
        "tensor index 2, but the writer has 2 tensors");
  for (const std::uint64_t offset : {std::uint64_t{11}, UINT64_MAX, UINT64_MAX - 9})
    CHECK(code_of<Error>([&] { writer.write(0, offset, piece(10)); }) == Code::out_of_range);
  CHECK(code_of<Error>([&] { writer.write(0, 11, {}); }) == Code::out_of_range);
  CHECK(code_of<Error>([&] { writer.write(1, 0, piece(21)); }) == Code::out_of_range);
  CHECK(code_of<Error>([&] { writer.write(UINT64_MAX, 0, piece(1)); }) == Code::out_of_range);
  writer.write(0, 10, {});
  writer.commit();
  CHECK(read_file(scratch / "file") == model.expected());
}

TEST_CASE("a committed writer can only be destroyed") {
  const Model model({10});
  const ScratchDirectory scratch;
  Writer writer((scratch / "file").c_str(), model.tensors, model.plan, {});
  writer.write(0, 0, model.bytes(0, 0, 10));
  writer.commit();
  CHECK(message_of<Error>([&] { writer.commit(); }) ==
        "the writer of \"" + (scratch / "file").string() +
            "\" was committed, or its commit failed: it can only be freed");
  CHECK(code_of<Error>([&] { writer.write(0, 0, model.bytes(0, 0, 1)); }) ==
        Code::invalid_argument);
  CHECK(read_file(scratch / "file") == model.expected());
}

TEST_CASE("a writer whose commit failed can only be destroyed, and leaves nothing") {
  const Model model({10});
  const ScratchDirectory scratch;
  const std::string path = scratch / "file";
  {
    Writer writer(path.c_str(), model.tensors, model.plan, {});
    writer.write(0, 0, model.bytes(0, 0, 10));
    std::filesystem::create_directory(path);
    CHECK(code_of<Error>([&] { writer.commit(); }) == Code::not_regular);
    CHECK(code_of<Error>([&] { writer.commit(); }) == Code::invalid_argument);
    CHECK(scratch.names() == std::set<std::string>{"file"});
  }
  CHECK(std::filesystem::is_directory(path));
}

TEST_CASE("a destroyed writer leaves the old file and nothing else") {
  const Model model({10'000});
  const ScratchDirectory scratch;
  write_file(scratch / "file", "old");
  {
    Writer writer((scratch / "file").c_str(), model.tensors, model.plan, {});
    writer.write(0, 0, model.bytes(0, 0, 10'000));
  }
  CHECK(read_file(scratch / "file") == "old");
  CHECK(scratch.names() == std::set<std::string>{"file"});
}

TEST_CASE("bytes that a failed write should have written are missing, even if they were not") {
  constexpr std::uint64_t size = 64 << 10;
  const Model model({size});
  const ScratchDirectory scratch;
  const std::string path = scratch / "file";
  write_file(scratch / "source", "x");
  REQUIRE(::truncate((scratch / "source").c_str(), size) == 0);
  const int source = ::open((scratch / "source").c_str(), O_RDWR | O_CLOEXEC);
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, source, 0);
  REQUIRE(mapped != MAP_FAILED);
  REQUIRE(::ftruncate(source, 4096) == 0);
  Writer writer(path.c_str(), model.tensors, model.plan, {});
  writer.write(0, 0, model.bytes(0, 0, size));
  CHECK(code_of<Error>([&] {
          writer.write(0, 100, {static_cast<const std::byte*>(mapped), 20'000});
        }) == Code::io);
  CHECK(std::string(commit_error(&writer).what())
            .ends_with("1 of 1 tensors lack bytes: \"z\" (from byte 100 on)"));
  writer.write(0, 100, model.bytes(0, 100, 20'000));
  writer.commit();
  CHECK(read_file(path) == model.expected());
  ::munmap(mapped, size);
  ::close(source);
}

TEST_CASE("the writer of a link replaces the link, or the file that it points to") {
  const Model model({10});
  const ScratchDirectory scratch;
  write_file(scratch / "blob", "shared");
  std::filesystem::create_symlink("blob", scratch / "link");
  const auto save = [&](LinkPolicy link) {
    FileOptions options;
    options.link = link;
    Writer writer((scratch / "link").c_str(), model.tensors, model.plan, options);
    writer.write(0, 0, model.bytes(0, 0, 10));
    writer.commit();
  };
  save(LinkPolicy::follow);
  CHECK(std::filesystem::is_symlink(scratch / "link"));
  CHECK(read_file(scratch / "blob") == model.expected());
  write_file(scratch / "blob", "shared");
  save(LinkPolicy::replace);
  CHECK_FALSE(std::filesystem::is_symlink(scratch / "link"));
  CHECK(read_file(scratch / "link") == model.expected());
  CHECK(read_file(scratch / "blob") == "shared");
}
