// Every input, opened in every way, under both strictnesses: one verdict, one reason. The program
// runs once for each of the JSON parser's kernels.
#include <safetensors/safetensors.h>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <string_view>

#include "format/utf8.h"
#include "input.h"
#include "open_methods.h"

namespace {

struct Outcome {
  st_status status;
  std::uint64_t position;
  std::string message;
};

// Whether the outcomes are equal, except that a message about a path ends with the path if it fits.
bool is_same(const Outcome& outcome, const Outcome& in_memory, corpus::Way way) {
  if (outcome.status != in_memory.status || outcome.position != in_memory.position) return false;
  if (outcome.status == ST_OK || !corpus::has_path(way)) {
    return outcome.message == in_memory.message;
  }
  if (!outcome.message.starts_with(in_memory.message)) return false;
  const std::string end = outcome.message.substr(in_memory.message.size());
  const std::string expected = ", in \"/proc/self/fd/";
  const bool is_full = outcome.message.size() == ST_MESSAGE_SIZE - 1;
  return end.starts_with(expected) || (is_full && expected.starts_with(end));
}

// Queries every tensor and metadata entry of an accepted file.
void query_everything(const corpus::Specimen& specimen, st_file* file) {
  const std::uint64_t count = st_file_tensor_count(file);
  const std::string_view bytes = specimen.bytes();
  std::uint64_t covered = 0;
  bool all_right = true;
  for (std::uint64_t i = 0; i < count; ++i) {
    st_tensor_info info = ST_TENSOR_INFO_INIT, found = ST_TENSOR_INFO_INIT;
    st_tensor* tensor = nullptr;
    all_right =
        all_right && st_file_tensor_at(file, ST_ORDER_FILE, i, &info, nullptr) == ST_OK &&
        st_file_find_tensor(file, info.name, info.name_len, &found, nullptr) == ST_OK &&
        found.name == info.name && found.file_offset == info.file_offset &&
        st_get_tensor_at(file, ST_ORDER_FILE, i, &tensor, nullptr) == ST_OK &&
        st_tensor_nbytes(tensor) == info.nbytes &&
        std::memcmp(st_tensor_data(tensor), bytes.data() + info.file_offset, info.nbytes) == 0;
    st_tensor_unref(tensor);
    if (!all_right) break;
    covered += info.nbytes;
  }
  CHECK(all_right);
  CHECK(st_file_data_offset(file) + covered == bytes.size());
  for (std::uint64_t i = 0; i < st_file_metadata_count(file); ++i) {
    st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
    const char* value = nullptr;
    std::uint64_t value_len = 0;
    CHECK(st_file_metadata_at(file, i, &entry, nullptr) == ST_OK);
    CHECK(st_file_find_metadata(file, entry.key, entry.key_len, &value, &value_len, nullptr) ==
          ST_OK);
    CHECK(value == entry.value);
  }
}

Outcome open(const corpus::Specimen& specimen, corpus::Way way, std::uint32_t strictness) {
  st_file* file = nullptr;
  st_error error = ST_ERROR_INIT;
  const st_status status = specimen.open(way, strictness, &file, &error);
  CHECK(error.code == status);
  CHECK((file != nullptr) == (status == ST_OK));
  if (file && strictness == ST_STRICTNESS_COMPATIBLE) query_everything(specimen, file);
  st_close(file);
  return {status, error.position, error.message};
}

void check_rejection(const corpus::Specimen& specimen, const Outcome& outcome) {
  CHECK(outcome.message.size() > 10);
  CHECK(outcome.message.size() < ST_MESSAGE_SIZE);
  CHECK(st::is_utf8(outcome.message));
  for (const char c : outcome.message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      FAIL("a control character in the message");
  }
  CHECK((outcome.position == ST_NO_POSITION || outcome.position <= specimen.bytes().size()));
}

void check(std::uint32_t strictness, st_status expected, const corpus::Specimen& specimen) {
  const Outcome outcome = open(specimen, corpus::ways[0], strictness);
  INFO("strictness: " << strictness << ", message: " << outcome.message);
  // ST_STRICTNESS_STRICT may reject a field as unknown before the parser finds it too deep.
  const bool earlier =
      strictness == ST_STRICTNESS_STRICT && expected == ST_E_JSON && outcome.status == ST_E_SCHEMA;
  CHECK(std::string_view(st_status_name(outcome.status)) ==
        st_status_name(earlier ? ST_E_SCHEMA : expected));
  if (outcome.status != ST_OK) check_rejection(specimen, outcome);
  for (const corpus::Way way : corpus::ways) {
    INFO("through " << name_of(way));
    CHECK(is_same(open(specimen, way, strictness), outcome, way));
  }
}

void check(const corpus::Inputs& inputs) {
  std::set<std::string_view> names;
  for (const corpus::Input& input : inputs) {
    INFO("input: " << input.name);
    CHECK(names.insert(input.name).second);
    const corpus::Specimen specimen(input.bytes.make());
    check(ST_STRICTNESS_COMPATIBLE, input.compatible, specimen);
    check(ST_STRICTNESS_STRICT, input.strict, specimen);
  }
}

}  // namespace

TEST_CASE("header length and file size") {
  check(corpus::framing_inputs());
}
TEST_CASE("JSON syntax") {
  check(corpus::json_inputs());
}
TEST_CASE("strings") {
  check(corpus::string_inputs());
}
TEST_CASE("block boundaries of the JSON parser") {
  check(corpus::block_inputs());
}
TEST_CASE("nesting") {
  check(corpus::nesting_inputs());
}
TEST_CASE("numbers") {
  check(corpus::number_inputs());
}
TEST_CASE("shapes") {
  check(corpus::shape_inputs());
}
TEST_CASE("offsets") {
  check(corpus::offset_inputs());
}
TEST_CASE("tensor entries") {
  check(corpus::entry_inputs());
}
TEST_CASE("duplicate names and keys") {
  check(corpus::duplicate_inputs());
}
TEST_CASE("dtypes") {
  check(corpus::dtype_inputs());
}
TEST_CASE("metadata") {
  check(corpus::metadata_inputs());
}
TEST_CASE("names") {
  check(corpus::name_inputs());
}
TEST_CASE("large headers", "[large]") {
  check(corpus::size_inputs());
}
