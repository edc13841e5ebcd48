#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>

#include <filesystem>
#include <string>

#include "code_of.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;

namespace {

struct Interrupted {};

void write(const std::filesystem::path& path) {
  Builder()
      .add("a", Dtype::U8, {2}, std::vector<std::uint8_t>{1, 2})
      .add("b", Dtype::U8, {3}, std::vector<std::uint8_t>{3, 4, 5})
      .add_metadata({{"k", "v"}, {"l", "w"}})
      .save(path);
}

}  // namespace

TEST_CASE("edit_metadata sets, removes and renames", "[wrapper][edit]") {
  const ScratchDirectory scratch;
  for (const bool in_place : {false, true}) {
    write(scratch / "file");
    const Edit edit{{{"n", "new"}}, {"k"}, {{"a", "b"}, {"b", "a"}}, in_place};
    const EditMethod method = edit_metadata(scratch / "file", edit);
    CHECK((in_place || method == EditMethod::Copy));
    CHECK(method != EditMethod::Unchanged);
    const File file = File::open(scratch / "file");
    CHECK(file.metadata() == Metadata{{"l", "w"}, {"n", "new"}});
    const Tensor first = file.get("b"), second = file.get("a");
    CHECK(first.bytes().size() == 2);
    CHECK(second.bytes().size() == 3);
    CHECK(edit_metadata(scratch / "file", {{{"l", "w"}}, {}, {}, in_place}) ==
          EditMethod::Unchanged);
  }
  CHECK(scratch.names() == std::set<std::string>{"file"});
}

TEST_CASE("edit_metadata in place overwrites a header that fits", "[wrapper][edit]") {
  const ScratchDirectory scratch;
  write(scratch / "file");
  CHECK(edit_metadata(scratch / "file", {{}, {"k", "l"}, {}, true}) == EditMethod::Overwrite);
  CHECK(File::open(scratch / "file").metadata().empty());
}

TEST_CASE("edit_metadata has the options of a save", "[wrapper][edit]") {
  const ScratchDirectory scratch;
  write(scratch / "file");
  std::filesystem::create_symlink("file", scratch / "link");
  SaveOptions options;
  options.durability = Durability::Fsync;
  options.link = Link::Follow;
  options.mode = 0604;
  std::uint64_t last = 0, size = 1;
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    last = done;
    size = total;
    return true;
  };
  edit_metadata(scratch / "link", {{{"k", "x"}}, {}, {}, false}, options);
  CHECK(std::filesystem::is_symlink(scratch / "link"));
  CHECK(File::open(scratch / "file").metadata().at("k") == "x");
  CHECK((std::filesystem::status(scratch / "file").permissions() & std::filesystem::perms::mask) ==
        std::filesystem::perms(0604));
  CHECK(last == std::filesystem::file_size(scratch / "file"));
  CHECK(size == last);
}

TEST_CASE("edit_metadata throws, and the file stays as it is", "[wrapper][edit]") {
  const ScratchDirectory scratch;
  write(scratch / "file");
  const auto before = read_file(scratch / "file");
  const auto code = [&](const Edit& edit, const SaveOptions& options = {}) {
    return code_of<Error>([&] { edit_metadata(scratch / "file", edit, options); });
  };
  CHECK(code({{}, {"x"}, {}}) == ST_E_METADATA_NOT_FOUND);
  CHECK(code({{}, {}, {{"x", "y"}}}) == ST_E_TENSOR_NOT_FOUND);
  CHECK(code({{}, {}, {{"a", "b"}}}) == ST_E_DUPLICATE);
  SaveOptions options;
  options.progress = [](std::uint64_t, std::uint64_t) { return false; };
  CHECK(code({{{"n", "1"}}, {}, {}}, options) == ST_E_CANCELLED);
  options.progress = [](std::uint64_t, std::uint64_t) -> bool { throw Interrupted(); };
  CHECK_THROWS_AS(edit_metadata(scratch / "file", {{{"n", "1"}}, {}, {}}, options), Interrupted);
  CHECK(code_of<Error>([&] { edit_metadata(std::string("a\0b", 3), {}); }) ==
        ST_E_INVALID_ARGUMENT);
  CHECK(read_file(scratch / "file") == before);
  CHECK(scratch.names() == std::set<std::string>{"file"});
}
