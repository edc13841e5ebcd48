#include "format/header.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>
#include <vector>

#include "format/header_validate.h"

using namespace st;

namespace {

std::shared_ptr<const Header> header_of(const std::vector<std::string>& names) {
  static const std::uint64_t one[] = {1};
  ParsedHeader parsed;
  std::uint64_t offset = 0;
  for (const std::string& name : names) {
    parsed.tensors.push_back({name, one, Dtype::u8, offset, offset + 1});
    ++offset;
  }
  return validate_header(std::move(parsed), 8, 8 + offset);
}

}  // namespace

TEST_CASE("the order by name is that of the bytes") {
  const std::vector<std::string> names = {"b", "a", "\xc3\xa9", "", "B", std::string("a\0", 2)};
  const auto header = header_of(names);
  std::vector<std::string> sorted;
  for (const std::uint32_t i : header->name_order())
    sorted.emplace_back(header->tensors()[i].name);
  CHECK(sorted == std::vector<std::string>{"", "B", "a", std::string("a\0", 2), "b", "\xc3\xa9"});
}

TEST_CASE("threads that ask for the order at once are given one and the same") {
  std::vector<std::string> names;
  for (int i = 0; i < 20'000; ++i)
    names.push_back(std::to_string(i * 7919 % 20'000));
  const auto header = header_of(names);
  std::vector<const std::uint32_t*> orders(8);
  std::atomic<bool> go{false};
  std::vector<std::thread> threads;
  for (auto& order : orders) {
    threads.emplace_back([&] {
      while (!go)
        std::this_thread::yield();
      order = header->name_order().data();
    });
  }
  go = true;
  for (auto& thread : threads)
    thread.join();
  for (const std::uint32_t* order : orders)
    CHECK(order == orders.front());
}

TEST_CASE("a header keeps the form of its metadata") {
  for (const MetadataForm form :
       {MetadataForm::absent, MetadataForm::null, MetadataForm::present}) {
    ParsedHeader parsed;
    parsed.metadata_form = form;
    CHECK(validate_header(std::move(parsed), 8, 8)->metadata_form() == form);
  }
}

TEST_CASE("names are found whole") {
  const std::vector<std::string> names = {"ab", "a"};  // the header's names point into it
  const auto header = header_of(names);
  CHECK(header->find("a") == &header->tensors()[1]);
  CHECK(header->find("ab") == &header->tensors()[0]);
  CHECK(header->find("abc") == nullptr);
  CHECK(header->find("") == nullptr);
}
