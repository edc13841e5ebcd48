#include "format/name_index.h"

#include <algorithm>
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

TEST_CASE("names of equal hash and length are compared byte by byte") {
  // The name at position 0 is not the one that was hashed.
  const auto other = [](std::uint32_t) { return std::string_view("abd"); };
  NameIndex index(2);
  CHECK(index.insert("abc", 0, other) == NameIndex::none);
  CHECK(index.find("abc", other) == NameIndex::none);
  CHECK(index.insert("abc", 1, other) == NameIndex::none);
}

TEST_CASE("every index has a random key") {
  CHECK(NameIndex(1).hash_of("name") != NameIndex(1).hash_of("name"));
}

TEST_CASE("a hash depends on every byte, on the length and on both halves of the key") {
  constexpr HashKey keys[] = {{1, 1}, {2, 1}, {1, 2}};
  std::set<std::uint64_t> seen;
  std::size_t count = 0;
  const auto add = [&](std::string_view name, HashKey key) {
    seen.insert(hash_name(name, key));
    ++count;
  };
  for (std::size_t length = 0; length < 40; ++length) {
    std::string name(length, '\0');
    for (const HashKey key : keys)
      add(name, key);
    for (std::size_t i = 0; i < length; ++i) {
      name[i] = 'x';
      add(name, keys[0]);
      name[i] = '\0';
    }
  }
  CHECK(seen.size() == count);
}

TEST_CASE("ordinary names spread under every key") {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) {
    names.push_back(std::to_string(i));
    names.push_back("layers." + std::to_string(i));
    names.push_back("model.layers." + std::to_string(i) + ".self_attn.q_proj.weight");
  }
  constexpr std::uint64_t ones = UINT64_MAX, top = std::uint64_t{1} << 63;
  // Keys that cancel the constants of the hash among them.
  const std::vector<std::uint64_t> halves = {0,
                                             1,
                                             2,
                                             top,
                                             ones,
                                             ones - 1,
                                             0x9E3779B97F4A7C15u,
                                             0xD1B54A32D192ED03u,
                                             0xBF58476D1CE4E5B9u,
                                             ~0x9E3779B97F4A7C15u,
                                             ~0xD1B54A32D192ED03u,
                                             0x9E3779B97F4A7C14u,
                                             0xD1B54A32D192ED02u};
  for (const std::uint64_t first : halves) {
    for (const std::uint64_t second : halves) {
      CAPTURE(first, second);
      std::set<std::uint64_t> hashes;
      std::vector<int> low(1024), high(1024);
      for (const std::string& name : names) {
        const std::uint64_t hash = hash_name(name, {first, second});
        hashes.insert(hash);
        ++low[hash % 1024];
        ++high[hash >> 54];
      }
      CHECK(hashes.size() == names.size());
      CHECK(*std::max_element(low.begin(), low.end()) < 20);  // 3 on the average
      CHECK(*std::max_element(high.begin(), high.end()) < 20);
    }
  }
}
