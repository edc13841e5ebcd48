#include "consolidate.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>

#include "code_of.hpp"
#include "error.h"
#include "format/tensor_size.h"
#include "save.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

using Numbers = std::vector<std::uint64_t>;

struct Box {
  std::string name;
  Dtype dtype;
  Numbers offsets;
  Numbers shape;
  std::string bytes;
};

std::string text_of(const Numbers& numbers) {
  std::string text;
  for (const std::uint64_t number : numbers)
    text += (text.empty() ? "" : ", ") + std::to_string(number);
  return "[" + text + "]";
}

// A file as the checkpoint's writer writes it.
void write_parts(const std::filesystem::path& path, const std::vector<Box>& boxes,
                 const std::vector<MetadataEntry>& more = {}) {
  std::string info;
  std::vector<TensorToSave> tensors;
  for (const Box& box : boxes) {
    info += (info.empty() ? "" : ", ") + ("\"" + box.name) +
            "\": {\"saved_offsets\": " + text_of(box.offsets) + "}";
    tensors.push_back({box.name, box.dtype, box.shape,
                       reinterpret_cast<const std::byte*>(box.bytes.data()), box.bytes.size(),
                       nullptr, nullptr});
  }
  info = "{" + info + "}";
  std::vector<MetadataEntry> metadata = {{"DCP_SHARDING_INFO", info}, {"DCP_VERSION", "1.0"}};
  metadata.insert(metadata.end(), more.begin(), more.end());
  save_to_file(path.c_str(), tensors, plan_save(tensors, metadata, MetadataForm::absent, 8), {},
               {});
}

std::string random_bytes(std::uint64_t count) {
  static std::mt19937_64 random(7);
  std::string bytes(static_cast<std::size_t>(count), '\0');
  std::ranges::generate(bytes, [&] { return static_cast<char>(random()); });
  return bytes;
}

// The part of a whole, copied element by element.
Box cut(const std::string& name, Dtype dtype, const Numbers& whole_shape, const std::string& whole,
        const Numbers& offsets, const Numbers& shape) {
  const std::uint64_t size = dtype_bits(dtype) / 8;
  Box box{name, dtype, offsets, shape, {}};
  Numbers index(shape.size(), 0);
  for (std::uint64_t i = element_count(name, shape); i-- > 0;) {
    std::uint64_t element = 0;
    for (std::size_t d = 0; d < shape.size(); ++d)
      element = element * whole_shape[d] + offsets[d] + index[d];
    box.bytes += whole.substr(element * size, size);
    for (std::size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];)
      index[d] = 0;
  }
  return box;
}

// Saves the joined tensors to memory, and reads them.
struct Joined {
  explicit Joined(const std::filesystem::path& directory) : checkpoint(directory.c_str()) {
    const auto tensors = checkpoint.tensors();
    const SavePlan plan = plan_save(tensors, {}, MetadataForm::absent, 8);
    bytes.resize(plan.file_size);
    checkpoint.run([&] { save_to_memory(bytes.data(), tensors, plan, {}); });
    file = open_file(borrow_memory(bytes.data(), bytes.size(), nullptr, Access::read_only), {});
  }
  std::string tensor(std::string_view name) const {
    const TensorEntry* const entry = file.header->find(name);
    REQUIRE(entry);
    return {bytes.data() + file.header->file_offset(*entry),
            static_cast<std::size_t>(entry->nbytes())};
  }
  Numbers shape(std::string_view name) const {
    const auto shape = file.header->find(name)->shape;
    return {shape.begin(), shape.end()};
  }

  Consolidation checkpoint;
  std::vector<char> bytes;
  File file;
};

std::optional<Code> code(const std::filesystem::path& directory) {
  return code_of<Error>([&] { Consolidation checkpoint(directory.c_str()); });
}

}  // namespace

TEST_CASE("row, column and grid parts of any rank and dtype are joined") {
  const struct {
    Dtype dtype;
    Numbers shape;
    std::vector<Numbers> cuts;  // where each dimension is divided
  } cases[] = {
      {Dtype::f32, {}, {}},
      {Dtype::i64, {17}, {{5, 11}}},
      {Dtype::bf16, {6, 8}, {{2}, {}}},
      {Dtype::bf16, {6, 8}, {{}, {1, 4}}},
      {Dtype::f8_e4m3, {6, 8}, {{3}, {5}}},
      {Dtype::boolean, {3, 4, 5}, {{}, {1}, {}}},
      {Dtype::u8, {3, 4, 5}, {{}, {}, {2, 3}}},
      {Dtype::f64, {3, 4, 5}, {{1, 2}, {2}, {1}}},
      {Dtype::u8, {2, 300'000}, {{}, {100'000}}},  // runs without a window
      {Dtype::f32, {40'000, 40}, {{}, {7, 20}}},   // several windows
      {Dtype::i16, {4, 0, 3}, {{2}, {}, {}}},
  };
  for (const auto& item : cases) {
    // Lambdas of clang 14 do not capture structured bindings.
    const Dtype dtype = item.dtype;
    const Numbers& shape = item.shape;
    const std::vector<Numbers>& cuts = item.cuts;
    const ScratchDirectory scratch;
    const std::string whole = random_bytes(tensor_size("w", dtype, shape));
    Numbers offsets(shape.size(), 0);
    int count = 0;
    // Every combination of the divisions.
    const auto divide = [&](auto& self, std::size_t d, Numbers part) -> void {
      if (d == shape.size()) {
        const Box box = cut("w", dtype, shape, whole, offsets, part);
        write_parts(scratch / (std::to_string(count++) + ".safetensors"), {box});
        return;
      }
      Numbers bounds = {0};
      bounds.insert(bounds.end(), cuts[d].begin(), cuts[d].end());
      bounds.push_back(shape[d]);
      for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
        offsets[d] = bounds[i];
        part.push_back(bounds[i + 1] - bounds[i]);
        self(self, d + 1, part);
        part.pop_back();
      }
    };
    divide(divide, 0, {});
    const Joined joined(scratch / "");
    INFO("rank " << shape.size() << ", parts " << count);
    CHECK(joined.shape("w") == shape);
    CHECK((joined.tensor("w") == whole));  // not printed: it may be large
    CHECK(joined.file.header->find("w")->dtype == dtype);
  }
}

TEST_CASE("any range of the whole is filled") {
  const ScratchDirectory scratch;
  const Numbers shape = {7, 5, 3};
  const std::string whole = random_bytes(105);
  write_parts(scratch / "a.safetensors", {cut("w", Dtype::u8, shape, whole, {0, 0, 0}, {4, 5, 2}),
                                          cut("v", Dtype::u8, {2}, "yz", {1}, {1})});
  write_parts(scratch / "b.safetensors", {cut("w", Dtype::u8, shape, whole, {4, 0, 0}, {3, 5, 2}),
                                          cut("v", Dtype::u8, {2}, "yz", {0}, {1})});
  write_parts(scratch / "c.safetensors", {cut("w", Dtype::u8, shape, whole, {0, 0, 2}, {7, 5, 1})});
  const Consolidation checkpoint((scratch / "").c_str());
  REQUIRE(checkpoint.tensors().size() == 2);
  CHECK(checkpoint.tensors()[0].name == "v");
  const TensorToSave& tensor = checkpoint.tensors()[1];
  for (std::uint64_t begin = 0; begin < 105; ++begin) {
    for (std::uint64_t end = begin + 1; end <= 105; ++end) {
      std::string bytes(end - begin, '?');
      REQUIRE(tensor.fill(tensor.user_data, begin, bytes.data(), bytes.size()) == 0);
      REQUIRE((bytes == whole.substr(begin, end - begin)));
    }
  }
}

TEST_CASE("files are found in the directory and in \"sharded\"") {
  const ScratchDirectory scratch;
  CHECK(code(scratch / "") == Code::not_found);
  CHECK(code(scratch / "absent") == Code::not_found);
  std::filesystem::create_directory(scratch / "sharded");
  CHECK(code(scratch / "") == Code::not_found);
  write_parts(scratch / "sharded/a.safetensors", {{"w", Dtype::u8, {0}, {2}, "ab"}});
  write_parts(scratch / "b.safetensors", {{"w", Dtype::u8, {2}, {1}, "c"}});
  write_file(scratch / "other.json", "not one");
  CHECK(Joined(scratch / "").tensor("w") == "abc");
}

TEST_CASE("metadata that all files have in common is kept") {
  const ScratchDirectory scratch;
  write_parts(scratch / "a.safetensors", {{"w", Dtype::u8, {0}, {2}, "ab"}},
              {{"format", "pt"}, {"rank", "0"}, {"only", "a"}});
  write_parts(scratch / "b.safetensors", {{"w", Dtype::u8, {2}, {1}, "c"}},
              {{"format", "pt"}, {"rank", "1"}});
  const Consolidation checkpoint((scratch / "").c_str());
  REQUIRE(checkpoint.metadata().size() == 1);
  CHECK(checkpoint.metadata()[0].key == "format");
  CHECK(checkpoint.metadata()[0].value == "pt");
}

TEST_CASE("positions that do not match the file are an error with its path") {
  const ScratchDirectory scratch;
  const auto path = scratch / "a.safetensors";
  const std::uint64_t shape[] = {1};
  const TensorToSave tensor{"w", Dtype::u8, shape,  reinterpret_cast<const std::byte*>("x"),
                            1,   nullptr,   nullptr};
  const auto write = [&](std::vector<MetadataEntry> metadata) {
    const SavePlan plan = plan_save({&tensor, 1}, std::move(metadata), MetadataForm::absent, 8);
    save_to_file(path.c_str(), {&tensor, 1}, plan, {}, {});
  };
  const auto check = [&](const char* part) {
    CHECK(code(scratch / "") == Code::schema);
    const std::string message =
        message_of<Error>([&] { Consolidation checkpoint((scratch / "").c_str()); });
    INFO(message);
    CHECK(message.find(part) != std::string::npos);
    CHECK(message.find("a.safetensors\"") != std::string::npos);
  };
  write({});
  check("no metadata key DCP_SHARDING_INFO");
  write({{"DCP_SHARDING_INFO", "{}"}});
  check("tensor \"w\" of the file is missing");
  write({{"DCP_SHARDING_INFO", R"({"w":{"saved_offsets":[0]},"v":{"saved_offsets":[0]}})"}});
  check("no tensor \"v\" in the file");
  write({{"DCP_SHARDING_INFO", "?"}});
  check("DCP_SHARDING_INFO");
}

TEST_CASE("a file that is truncated while its parts are read is reported with its path") {
  const ScratchDirectory scratch;
  write_parts(scratch / "a.safetensors", {{"w", Dtype::u8, {0}, {4}, "abcd"}});
  Consolidation checkpoint((scratch / "").c_str());
  std::filesystem::resize_file(scratch / "a.safetensors", 10);
  const auto tensors = checkpoint.tensors();
  const SavePlan plan = plan_save(tensors, {}, MetadataForm::absent, 8);
  std::vector<char> bytes(plan.file_size);
  const auto save = [&] { save_to_memory(bytes.data(), tensors, plan, {}); };
  CHECK(code_of<Error>([&] { checkpoint.run(save); }) == Code::truncated);
  CHECK(message_of<Error>([&] { checkpoint.run(save); }).find("a.safetensors") !=
        std::string::npos);
}
