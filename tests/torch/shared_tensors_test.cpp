#include "tensor/shared_tensors.h"

#include <ATen/ops/_lazy_clone.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/impl/COW.h>

#include <catch2/catch_test_macros.hpp>
#include <initializer_list>
#include <unordered_set>

#include "code_of.hpp"
#include "tensors.h"

using namespace safetensors;

namespace {

using Names = std::vector<std::string>;

std::vector<Names> groups_of(const StateDict& state) {
  std::vector<Names> groups;
  for (const auto& group : find_shared_tensors(state)) {
    groups.emplace_back();
    for (const std::size_t position : group)
      groups.back().push_back(state[position].name);
  }
  return groups;
}

// {kept, removed, ...} for each group.
std::vector<Names> choices_of(const StateDict& state,
                              const std::unordered_set<std::string>& preferred = {}) {
  std::vector<Names> choices;
  const auto is_preferred = [&](std::string_view name) {
    return preferred.contains(std::string(name));
  };
  for (const auto& choice : choose_shared_names(state, is_preferred)) {
    choices.push_back({state[choice.kept].name});
    for (const std::size_t position : choice.removed)
      choices.back().push_back(state[position].name);
  }
  return choices;
}

}  // namespace

TEST_CASE("tensors that overlap in one storage share memory") {
  const at::Tensor w = counting({4, 4});
  CHECK(groups_of({{"b", w}, {"a", w}}) == std::vector<Names>{{"a", "b"}});
  CHECK(groups_of({{"w", w}, {"row", w[2]}}) == std::vector<Names>{{"w", "row"}});
  CHECK(groups_of({{"x", w[0]}, {"y", w[1]}}) == std::vector<Names>{{"x"}, {"y"}});
  CHECK(groups_of({{"x", w.narrow(0, 0, 2)}, {"y", w.narrow(0, 1, 2)}}) ==
        std::vector<Names>{{"x", "y"}});
  CHECK(groups_of({{"x", w}, {"y", w.clone()}}) == std::vector<Names>{{"x"}, {"y"}});
  CHECK(groups_of({{"x", w}, {"y", w.view(at::kInt)}}) == std::vector<Names>{{"x", "y"}});
}

TEST_CASE("groups are in the order of storages, then of addresses") {
  const at::Tensor v = counting({4});
  const at::Tensor w = counting({4, 4});
  CHECK(groups_of({{"w3", w[3]}, {"v", v}, {"w0", w[0]}}) ==
        std::vector<Names>{{"w0"}, {"w3"}, {"v"}});
}

TEST_CASE("a group ends where a tensor begins after the end of the one before it") {
  const at::Tensor w = counting({100});
  // "all" overlaps "far" too, but "near" is between them.
  CHECK(groups_of({{"all", w}, {"near", w.narrow(0, 10, 10)}, {"far", w.narrow(0, 50, 10)}}) ==
        std::vector<Names>{{"all", "near"}, {"far"}});
}

TEST_CASE("tensors without elements do not share memory") {
  const at::Tensor w = counting({4});
  CHECK(groups_of({{"w", w}, {"e", w.narrow(0, 2, 0)}, {"f", w.narrow(0, 1, 0)}}) ==
        std::vector<Names>{{"e"}, {"f"}, {"w"}});
  const at::Tensor empty = at::empty({0});
  CHECK(groups_of({{"e", empty}, {"f", empty}}).empty());
}

TEST_CASE("tensors on the meta device do not share memory") {
  const at::Tensor meta = at::empty({2}, at::kMeta);
  CHECK(groups_of({{"a", meta}, {"b", meta}}).empty());
}

TEST_CASE("storages of equal address and different sizes are distinct") {
  const at::Tensor w = counting({4});
  const at::Tensor shorter = at::empty({0});
  c10::Storage storage(c10::Storage::use_byte_size_t(), 8,
                       c10::DataPtr(w.mutable_data_ptr(), c10::Device(c10::kCPU)));
  const at::Tensor part = at::empty({0}).set_(storage, 0, {2}, {1});
  CHECK(groups_of({{"w", w}, {"part", part}}) == std::vector<Names>{{"w"}, {"part"}});
}

TEST_CASE("a lazy copy does not share memory") {
  const at::Tensor w = counting({4});
  const at::Tensor copy = at::_lazy_clone(w);
  CHECK(groups_of({{"w", w}, {"copy", copy}, {"view", copy[1]}}) ==
        std::vector<Names>{{"w"}, {"copy", "view"}});
  CHECK(c10::impl::cow::is_cow_data_ptr(copy.storage().data_ptr()));  // nothing was written
}

TEST_CASE("strides that do not determine the end are rejected in shared memory") {
  const at::Tensor w = counting({2, 3});
  const StateDict state = {{"a", w}, {"b", w.t()}};
  CHECK(code_of<Error>([&] { find_shared_tensors(state); }) == ST_E_INVALID_ARGUMENT);
  CHECK(contains(message_of([&] { find_shared_tensors(state); }), "\"b\""));
  CHECK(groups_of({{"b", w.t()}}) == std::vector<Names>{{"b"}});
}

TEST_CASE("the first name in byte order that covers the storage is kept") {
  const at::Tensor w = counting({4, 4});
  CHECK(choices_of({{"b", w}, {"a", w}, {"Z", w}}) == std::vector<Names>{{"Z", "a", "b"}});
  CHECK(choices_of({{"a", w[0]}, {"b", w}, {"c", w.view(-1)}}) ==
        std::vector<Names>{{"b", "a", "c"}});
  CHECK(choices_of({{"é", w}, {"z", w}}) == std::vector<Names>{{"z", "é"}});
}

TEST_CASE("a preferred name is kept if it covers the storage") {
  const at::Tensor w = counting({4, 4});
  const StateDict state = {{"a", w}, {"b", w}, {"c", w}, {"d", w[1]}};
  CHECK(choices_of(state, {"c", "b"}) == std::vector<Names>{{"b", "a", "c", "d"}});
  CHECK(choices_of(state, {"d"}) == std::vector<Names>{{"a", "b", "c", "d"}});
}

TEST_CASE("a tensor that shares no memory is not in the result") {
  CHECK(choices_of({{"a", counting({2})}, {"b", counting({2})}}).empty());
}

TEST_CASE("all groups of which no tensor covers the storage are rejected") {
  const at::Tensor w = counting({4, 4});
  const at::Tensor v = counting({4});
  const StateDict state = {{"w0", w[0]}, {"w0 again", w[0]}, {"v", v}, {"w3", w[3]}};
  CHECK(code_of<Error>([&] { choose_shared_names(state); }) == ST_E_INVALID_ARGUMENT);
  CHECK(contains(message_of([&] { choose_shared_names(state); }), R"(["w0", "w0 again"], ["w3"])"));
}
