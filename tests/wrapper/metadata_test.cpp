#include <array>
#include <catch2/catch_test_macros.hpp>
#include <list>
#include <safetensors/safetensors.hpp>
#include <tuple>
#include <type_traits>
#include <unordered_map>

#include "scratch_directory.hpp"

using namespace safetensors;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// As the functions with a parameter of the type.
Metadata received(const Metadata& metadata) {
  return metadata;
}

const Metadata expected = {{"a", "1"}, {"b", ""}};

}  // namespace

TEST_CASE("ranges of pairs of strings convert to Metadata", "[wrapper][metadata]") {
  CHECK(received(std::map<std::string, std::string>{{"b", ""}, {"a", "1"}}) == expected);
  CHECK(received(std::map<std::string, std::string, std::greater<>>{{"b", ""}, {"a", "1"}}) ==
        expected);
  CHECK(received(std::unordered_map<std::string, std::string>{{"b", ""}, {"a", "1"}}) == expected);
  CHECK(received(std::multimap<std::string, std::string>{{"a", "1"}, {"a", "2"}, {"b", ""}}) ==
        expected);
  CHECK(received(Pairs{{"b", ""}, {"a", "1"}}) == expected);
  CHECK(received(std::list<std::pair<std::string_view, const char*>>{{"b", ""}, {"a", "1"}}) ==
        expected);
  CHECK(received(std::array<std::tuple<const char*, std::string>, 2>{{{"b", ""}, {"a", "1"}}}) ==
        expected);
  const std::pair<const char*, const char*> entries[] = {{"a", "1"}, {"b", ""}};
  CHECK(received(entries) == expected);
  CHECK(received(Pairs()).empty());
}

TEST_CASE("of entries with equal keys the first counts", "[wrapper][metadata]") {
  CHECK(received(Pairs{{"a", "1"}, {"a", "2"}, {"b", ""}}) == expected);
  CHECK(received({{"a", "1"}, {"a", "2"}, {"b", ""}}) == expected);
}

TEST_CASE("keys and values keep their bytes", "[wrapper][metadata]") {
  const std::string key("k\0\xC3\xBC", 4), value("\0", 1);
  const Metadata metadata = Pairs{{key, value}};
  CHECK(metadata.at(key) == value);
}

TEST_CASE("other types do not convert to Metadata", "[wrapper][metadata]") {
  CHECK_FALSE(std::is_convertible_v<std::vector<std::string>, Metadata>);
  CHECK_FALSE(std::is_convertible_v<std::vector<std::pair<std::string, int>>, Metadata>);
  CHECK_FALSE(std::is_convertible_v<std::pair<std::string, std::string>, Metadata>);
  CHECK_FALSE(std::is_convertible_v<std::string, Metadata>);
  CHECK_FALSE(std::is_convertible_v<const char*, Metadata>);
  CHECK_FALSE(std::is_convertible_v<int, Metadata>);
}

TEST_CASE("Metadata is a map", "[wrapper][metadata]") {
  Metadata metadata = {{"format", "pt"}};
  metadata["b"] = std::string("2");
  metadata.insert({"c", "3"});
  metadata.emplace("c", "4");
  metadata.insert_or_assign("b", std::string("5"));
  std::map<std::string, std::string, std::less<>> more = {{"d", "6"}, {"b", "7"}};
  metadata.merge(more);
  CHECK(more.size() == 1);
  CHECK(metadata.find(std::string_view("format"))->second == "pt");
  CHECK(metadata.count("c") == 1);
  CHECK(metadata.find("none") == metadata.end());
  std::string text;
  for (const auto& [key, value] : metadata)
    text += key + value + ' ';
  CHECK(text == "b5 c3 d6 formatpt ");

  Metadata copy(metadata), moved = std::move(copy), other;
  CHECK(moved == metadata);
  other = moved;
  other.erase("format");
  CHECK(other != metadata);
  other = {{"a", "1"}, {"b", ""}};
  CHECK(other == expected);
  other = Pairs{{"z", "z"}};
  CHECK(other.size() == 1);
  other = {};
  CHECK(other.empty());
  swap(other, moved);
  CHECK(other == metadata);
  const detail::MetadataMap base = metadata;
  CHECK(Metadata(base) == metadata);
  CHECK(Metadata(base.begin(), base.end()) == metadata);
}

TEST_CASE("every function with metadata takes every range", "[wrapper][metadata]") {
  const ScratchDirectory folder;
  const std::unordered_map<std::string, std::string> entries = {{"a", "1"}, {"b", ""}};
  const auto path = folder / "f";

  Builder().add_metadata(entries).add_metadata({{"c", "3"}}).add_metadata("d", "4").save(path);
  CHECK(File::open(path).metadata() == Metadata{{"a", "1"}, {"b", ""}, {"c", "3"}, {"d", "4"}});
  Writer(path, {}, {}, entries).commit();
  CHECK(File::open(path).metadata() == expected);
  Writer(path, {}, {}, {{"a", "1"}, {"b", ""}}).commit();
  CHECK(File::open(path).metadata() == expected);
  Writer(path, {}, {}, {}).commit();
  CHECK(File::open(path).metadata().empty());
  Edit edit;
  edit.set = entries;
  edit_metadata(path, edit);
  CHECK(File::open(path).metadata() == expected);
  SetWriter(folder / "set", {}, {}, Pairs{{"b", ""}, {"a", "1"}}).commit();
  CHECK(File::open_set(folder / "set").metadata() == expected);
}
