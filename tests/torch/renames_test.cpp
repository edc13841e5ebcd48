#include <pthread.h>

#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <safetensors/safetensors.hpp>
#include <safetensors/torch/renames.hpp>

#include <string>
#include <utility>

#include "code_of.hpp"

using safetensors::Renames;

namespace {

// Calls `function` on a thread with 256 KiB of stack.
void on_small_stack(std::function<void()> function) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, 256 << 10) == 0);
  pthread_t thread{};
  const auto run = [](void* argument) -> void* {
    (*static_cast<std::function<void()>*>(argument))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, run, &function) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
}

}  // namespace

TEST_CASE("each kind of rule") {
  struct Case {
    Renames renames;
    const char* from;
    const char* to;
  };
  const Case cases[] = {
      {Renames(), "a.b", "a.b"},
      {{{"a", "b"}, {"b", "a"}}, "a", "b"},  // all at once: names can be swapped
      {{{"a", "b"}, {"b", "a"}}, "b", "a"},
      {{{"a", "b"}}, "aa", "aa"},
      {Renames().strip_prefix("bert."), "bert.bert.x", "bert.x"},
      {Renames().strip_prefix("bert."), "albert.x", "albert.x"},
      {Renames().add_prefix("m."), "x", "m.x"},
      {Renames().replace_prefix("old.", "new."), "old.x", "new.x"},
      {Renames().replace_prefix("old.", "new."), "x.old.", "x.old."},
      {Renames().replace("h.{}.attn", "layers.{}.attention"), "model.h.10.attn.w",
       "model.layers.10.attention.w"},
      {Renames().replace("h.{}.attn", "layers.{}.attention"), "h.1.attn", "layers.1.attention"},
      {Renames().replace("h.{}.attn", "layers.{}.attention"), "h.1.attention", "h.1.attention"},
      {Renames().replace("h.{}.attn", "layers.{}.attention"), "gh.1.attn", "gh.1.attn"},
      {Renames().replace("block_{}.{}", "{}.{}.b"), "block_3.w", "3.w.b"},
      {Renames().replace("block_{}x", "b{}y"), "block_12x.w", "b12y.w"},
      {Renames().replace("block_{}x", "b{}y"), "block_x.w", "block_x.w"},  // not empty
      {Renames().replace("a", "b"), "a.a.aa.a", "b.b.aa.b"},
      {Renames().replace("a.{}", "{}"), "a.a.a.x", "a.x"},  // from left to right
      {Renames().replace("a", ""), "x.a.y", "x.y"},
      {Renames().replace("{}.fc", "linear.{}"), "..fc", "..fc"},
      {Renames().regex("layers\\.(\\d+)\\.", "l$1."), "layers.10.layers.2.w", "l10.l2.w"},
      {Renames().regex("^w$", "weight"), "ww", "ww"},
      {Renames().regex("gamma", "[$&]"), "LayerNorm.gamma", "LayerNorm.[gamma]"},
  };
  for (const auto& [renames, from, to] : cases)
    CHECK(renames.apply(from) == to);
}

TEST_CASE("rules are applied in the order in which they were added") {
  const auto renames = Renames().strip_prefix("a.").add_prefix("b.").regex("b\\.a", "c");
  CHECK(renames.apply("a.a.x") == "c.x");
  CHECK(renames.apply("x") == "b.x");
}

TEST_CASE("an exact rule takes precedence over the other rules") {
  const auto renames = Renames({{"a.x", "y"}}).strip_prefix("a.").add_prefix("b.");
  CHECK(renames.apply("a.x") == "y");
  CHECK(renames.apply("a.y") == "b.y");
}

TEST_CASE("the inverse restores the names") {
  const auto renames = Renames({{"x", "y"}}).strip_prefix("a.").add_prefix("b.c.");
  for (const char* name : {"x", "a.z", "a.a.z"})
    CHECK(renames.inverse().apply(renames.apply(name)) == name);
}

TEST_CASE("renames without an inverse are rejected") {
  CHECK(code_of<safetensors::Error>([] { Renames().regex("a", "b").inverse(); }) ==
        ST_E_UNSUPPORTED);
  CHECK(code_of<safetensors::Error>([] {
          Renames({{"a", "c"}, {"b", "c"}}).inverse();
        }) == ST_E_DUPLICATE);
}

TEST_CASE("the inverse of replaced components swaps them") {
  const auto renames =
      Renames().strip_prefix("transformer.").replace("h.{}.attn", "layers.{}.attention");
  for (const char* name : {"transformer.h.0.attn.weight", "transformer.h.11.attn.c_proj.bias"}) {
    CHECK(renames.apply(name).find(".attention.") != std::string::npos);
    CHECK(renames.inverse().apply(renames.apply(name)) == name);
  }
  CHECK(code_of<safetensors::Error>([] { Renames().replace("a", "").inverse(); }) ==
        ST_E_UNSUPPORTED);
}

TEST_CASE("invalid components are rejected") {
  for (const auto& [from, to] : {std::pair("", "a"), std::pair("{}.a", "a"), std::pair("a", "{}"),
                                 std::pair("{}{}", "{}.{}"), std::pair("{}.{}", "a{}{}")})
    CHECK(code_of<safetensors::Error>([&, from = from, to = to] { Renames().replace(from, to); }) ==
          ST_E_INVALID_ARGUMENT);
}

TEST_CASE("an invalid regular expression is rejected") {
  CHECK(code_of<safetensors::Error>([] { Renames().regex("(", ""); }) == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("a regular expression needs little of the caller's stack") {
  const std::string name(1024, 'a');
  for (const char* pattern : {"(a|b)*c", "((((a)|b)|c)|d)*e", "(?:a|(?:b|c))*d"}) {
    std::string renamed;
    on_small_stack([&] { renamed = Renames().regex(pattern, "").apply(name); });
    CHECK(renamed == name);
  }
  std::string replaced;
  on_small_stack([&] { replaced = Renames().regex("(a|b)*", "[$&]").apply(name); });
  CHECK(replaced.starts_with("[" + name + "]"));
}

TEST_CASE("the error of a regular expression reaches the caller") {
  CHECK(code_of<safetensors::Error>(
            [] { Renames().regex("x", "y").apply(std::string(2000, 'x')); }) == ST_E_UNSUPPORTED);
}

TEST_CASE("a regular expression rejects names of more than 1,024 bytes") {
  const auto renames = Renames().regex("(a|b)*c", "");
  CHECK(renames.apply(std::string(1024, 'a')) == std::string(1024, 'a'));
  CHECK(code_of<safetensors::Error>([&] { renames.apply(std::string(1 << 20, 'a')); }) ==
        ST_E_UNSUPPORTED);
  CHECK(Renames().strip_prefix("a").apply(std::string(1 << 20, 'a')).size() == (1 << 20) - 1);
}
