#include "format/name_index.h"

#include <catch2/catch_test_macros.hpp>
#include <set>
#include <string>
#include <vector>

using namespace st;

TEST_CASE("every name is found at its position, and no other is") {
  std::vector<std::string> names;
  for (int i = 0; i < 5000; ++i)
    names.push_back(std::string(static_cast<std::size_t>(i % 40), 'n') + std::to_string(i));
  names.push_back("");
  names.push_back(std::string(3, '\0'));
  names.push_back(std::string(2, '\0'));

  NameIndex index(names.size());
  const auto name_of = [&](std::uint32_t i) -> std::string_view { return names[i]; };
  for (std::uint32_t i = 0; i < names.size(); ++i)
    REQUIRE(index.insert(names[i], i, name_of) == NameIndex::none);
  for (std::uint32_t i = 0; i < names.size(); ++i)
    REQUIRE(index.find(names[i], name_of) == i);
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    REQUIRE(index.find(names[i] + "?", name_of) == NameIndex::none);
  }
}

TEST_CASE("a name that is there already keeps its position") {
  const std::vector<std::string> names = {"a", "b", "a"};
  const auto name_of = [&](std::uint32_t i) -> std::string_view { return names[i]; };
  NameIndex index(3);
  CHECK(index.insert("a", 0, name_of) == NameIndex::none);
  CHECK(index.insert("b", 1, name_of) == NameIndex::none);
  CHECK(index.insert("a", 2, name_of) == 0);
  CHECK(index.find("a", name_of) == 0);
}

TEST_CASE("nothing is found in an empty index") {
  const NameIndex index(0);
  CHECK(index.find("", [](std::uint32_t) { return std::string_view(); }) == NameIndex::none);
}

TEST_CASE("a hash depends on every byte, on the length and on the key") {
  std::set<std::uint64_t> seen;
  for (std::size_t length = 0; length < 40; ++length) {
    std::string name(length, '\0');
    seen.insert(hash_name(name, 1));
    for (std::size_t i = 0; i < length; ++i) {
      name[i] = 'x';
      seen.insert(hash_name(name, 1));
      name[i] = '\0';
    }
    seen.insert(hash_name(name, 2));
  }
  CHECK(seen.size() == 40 + 39 * 40 / 2 + 40);
}
