#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>
#include <safetensors/torch/renames.hpp>

#include "code_of.hpp"

using safetensors::Renames;

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

TEST_CASE("an invalid regular expression is rejected") {
  CHECK(code_of<safetensors::Error>([] { Renames().regex("(", ""); }) == ST_E_INVALID_ARGUMENT);
}

TEST_CASE("a regular expression rejects names of more than 1,024 bytes") {
  const auto renames = Renames().regex("(a|b)*c", "");
  CHECK(renames.apply(std::string(1024, 'a')) == std::string(1024, 'a'));
  CHECK(code_of<safetensors::Error>([&] { renames.apply(std::string(1 << 20, 'a')); }) ==
        ST_E_UNSUPPORTED);
  CHECK(Renames().strip_prefix("a").apply(std::string(1 << 20, 'a')).size() == (1 << 20) - 1);
}
