// Plan: what its rules select of a file.
#include "safetensors/torch/plan.hpp"

#include <torch/torch.h>

#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <safetensors/torch.hpp>
#include <string>
#include <vector>

#include "names/name_glob.h"

using safetensors::File;
using safetensors::Mesh;
using safetensors::Placement;
using safetensors::Plan;
using safetensors::Ranks;

namespace {

File sample_file() {
  return File::from_memory(
      safetensors::save({{"q.weight", at::zeros({12, 6})},
                         {"q.bias", at::zeros({12})},
                         {"o.weight", at::zeros({6, 12})},
                         {"o.bias", at::zeros({6})},
                         {"kv.weight", at::zeros({4, 6})},
                         {"embed.weight", at::zeros({10, 6})},
                         {"scale", at::zeros({})},
                         {"packed", at::zeros({2, 4}, at::kByte).view(at::kFloat4_e2m1fn_x2)}}));
}

// "name[slices of each dimension] ..." of the tensors whose parts are not whole.
std::string text(const Plan& plan) {
  std::string out;
  const File file = sample_file();
  for (const auto& tensor : plan.report(file).tensors) {
    if (tensor.shape == tensor.file_shape) continue;
    out += (out.empty() ? "" : " ") + tensor.name + "[";
    for (std::size_t d = 0; d < tensor.slices.size(); ++d) {
      out += d ? ", " : "";
      for (std::size_t i = 0; i < tensor.slices[d].size(); ++i)
        out += (i ? "+" : "") + std::to_string(tensor.slices[d][i].begin) + ":" +
               std::to_string(tensor.slices[d][i].end);
    }
    out += "]";
  }
  return out;
}

}  // namespace

TEST_CASE("the rules of a plan give parts of the tensors that match") {
  struct Case {
    const char* what;
    std::function<Plan(std::int64_t rank)> plan;
    std::vector<const char*> expected;  // of each rank
  };
  const Case cases[] = {
      {"nothing", [](auto) { return Plan(); }, {"", ""}},
      {"columns",
       [](auto rank) {
         return Plan().column("q.*", Ranks{rank, 2});
       },
       {"q.bias[0:6] q.weight[0:6, 0:6]", "q.bias[6:12] q.weight[6:12, 0:6]"}},
      {"rows, of which biases are whole",
       [](auto rank) {
         return Plan().row("o.*", Ranks{rank, 2});
       },
       {"o.weight[0:6, 0:6]", "o.weight[0:6, 6:12]"}},
      {"columns in units",
       [](auto rank) {
         return Plan().column("q.weight", Ranks{rank, 2}, 4);
       },
       {"q.weight[0:8, 0:6]", "q.weight[8:12, 0:6]"}},
      {"fewer units than ranks",
       [](auto rank) {
         return Plan().column("kv.weight", Ranks{rank, 4}, 2);
       },
       {"kv.weight[0:2, 0:6]", "kv.weight[0:2, 0:6]", "kv.weight[2:4, 0:6]",
        "kv.weight[2:4, 0:6]"}},
      {"an embedding",
       [](auto rank) {
         return Plan().embedding("embed.weight", Ranks{rank, 3});
       },
       {"embed.weight[0:4, 0:6]", "embed.weight[4:8, 0:6]", "embed.weight[8:10, 0:6]"}},
      {"a padded embedding",
       [](auto rank) {
         return Plan().embedding("embed.weight", Ranks{rank, 2}, 16);
       },
       {"embed.weight[0:8, 0:6]", "embed.weight[8:10, 0:6]"}},
      {"packed parts",
       [](auto rank) {
         return Plan().packed("q.weight", Ranks{rank, 2}, 0, {{4}, {8, 2}});
       },
       {"q.weight[0:2+4:8, 0:6]", "q.weight[2:4+8:12, 0:6]"}},
      {"packed parts of the last dimension",
       [](auto rank) {
         return Plan().packed("o.weight", Ranks{rank, 2}, -1, {{4}, {8}});
       },
       {"o.weight[0:6, 0:2+4:8]", "o.weight[0:6, 2:4+8:12]"}},
      {"placements",
       [](auto rank) {
         return Plan().place("q.weight", Mesh{{2, 2}, {rank / 2, rank % 2}},
                             {Placement::strided_shard(0, 2), Placement::shard(0)});
       },
       {"q.weight[0:3, 0:6]", "q.weight[6:9, 0:6]", "q.weight[3:6, 0:6]", "q.weight[9:12, 0:6]"}},
      {"listed slices",
       [](auto) {
         return Plan().slice("q.weight", {{{8, 12}, {0, 2}}});
       },
       {"q.weight[8:12+0:2, 0:6]"}},
      {"the end of a slice may be left out",
       [](auto) {
         return Plan().slice("q.weight", {{}, {{4}}});
       },
       {"q.weight[0:12, 4:6]"}},
      {"whole bytes of F4",
       [](auto) {
         return Plan().slice("packed", {{}, {{2, 4}}});
       },
       {"packed[0:2, 2:4]"}},
      {"the first rule that matches counts",
       [](auto rank) {
         return Plan().whole("q.bias").column("q.*", Ranks{rank, 2}).skip("*");
       },
       {"q.weight[0:6, 0:6]"}},
      {"a scalar is whole",
       [](auto rank) {
         return Plan().column("*", Ranks{rank, 1}).row("scale", Ranks{rank, 2});
       },
       {""}},
  };
  for (const Case& test : cases)
    for (std::size_t rank = 0; rank < test.expected.size(); ++rank) {
      INFO(test.what << ", rank " << rank);
      CHECK(text(test.plan(static_cast<std::int64_t>(rank))) == test.expected[rank]);
    }
}

TEST_CASE("a report has the bytes of the parts, and not the skipped tensors") {
  const File file = sample_file();
  const auto report = Plan()
                          .slice("q.weight", {{{3, 7}}})
                          .slice("packed", {{}, {{0, 4}}})
                          .skip("*.bias")
                          .report(file);
  std::uint64_t sum = 0;
  for (const auto& tensor : report.tensors) {
    CHECK(tensor.name.find("bias") == std::string::npos);
    sum += tensor.nbytes;
    if (tensor.name == "q.weight") CHECK(tensor.nbytes == 4 * 6 * 4);
    if (tensor.name == "packed") CHECK(tensor.nbytes == 4);
  }
  CHECK(report.tensors.size() == 6);
  CHECK(report.nbytes == sum);

  const auto renamed = Plan()
                           .slice("query.weight", {{{0, 1}}})
                           .report(file, safetensors::Renames().replace("q", "query"));
  CHECK(renamed.tensors.size() == 8);
}

TEST_CASE("rules that fit no tensor are errors") {
  struct Case {
    Plan plan;
    st_status code;
    const char* message;
  };
  const Ranks half{0, 2};
  const Case cases[] = {
      {Plan().skip("absent"), ST_E_TENSOR_NOT_FOUND,
       "the file has no tensor \"absent\", for which the plan has a rule"},
      {Plan().into("absent", at::zeros({1})), ST_E_TENSOR_NOT_FOUND,
       "the plan loads no tensor \"absent\", for which it has a destination"},
      {Plan().skip("q.*").into("q.bias", at::zeros({1})), ST_E_TENSOR_NOT_FOUND,
       "the plan loads no tensor \"q.bias\", for which it has a destination"},
      {Plan().slice("q.bias", {{{5, 13}}}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.bias\": the slice 5:13 is not in dimension 0, which has 12 elements"},
      {Plan().slice("q.bias", {{{5, 4}}}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.bias\": the slice 5:4 is not in dimension 0, which has 12 elements"},
      {Plan().slice("q.bias", {{}, {}}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.bias\": there are slices of 2 dimensions for a tensor of 1"},
      {Plan().slice("q.bias", {{{6, 9}, {0, 7}}}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.bias\": the slices 0:7 and 6:9 of dimension 0 overlap"},
      {Plan().slice("q.bias", {{{3, 3}, {2, 2}, {0, 7}, {0, 7}}}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.bias\": the slices 0:7 and 0:7 of dimension 0 overlap"},
      {Plan().packed("q.weight", half, 0, {{UINT64_MAX}, {13}}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.weight\": the packed parts have more elements than dimension 0, which has 12"},
      {Plan().slice("packed", {{}, {{1, 3}}}), ST_E_SUBBYTE,
       "tensor \"packed\" is F4: the slices of its last dimension must be whole bytes"},
      {Plan().column("q.weight", Ranks{2, 2}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.weight\": rank 2 of 2"},
      {Plan().column("q.weight", half, 5), ST_E_INVALID_ARGUMENT,
       "tensor \"q.weight\": a dimension of 12 elements is not divided in units of 5"},
      {Plan().embedding("embed.weight", half, 9), ST_E_INVALID_ARGUMENT,
       "tensor \"embed.weight\": an embedding of 10 rows is not padded to 9"},
      {Plan().packed("q.weight", half, 0, {{4}, {4}}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.weight\": the packed parts have 8 elements, dimension 0 has 12"},
      {Plan().packed("q.weight", half, 2, {{12}}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.weight\": dimension 2 of a tensor of 2 dimensions"},
      {Plan().place("q.weight", {{2}, {0}}, {}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.weight\": the mesh has 1 dimensions, but there are 0 placements: one is "
       "expected "
       "for each"},
      {Plan().place("q.weight", {{2}, {2}}, {Placement::shard(0)}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.weight\": coordinate 2 of mesh dimension 0 is not among its 2 processes"},
      {Plan().place("q.weight", {{2}, {1}}, {Placement::shard(-3)}), ST_E_INVALID_ARGUMENT,
       "tensor \"q.weight\": dimension -3 of a tensor of 2 dimensions"},
      {Plan().place("scale", {{2}, {1}}, {Placement::shard(0)}), ST_E_INVALID_ARGUMENT,
       "tensor \"scale\": dimension 0 of a tensor of 0 dimensions"},
      {Plan().place("q.weight", {{2}, {1}}, {Placement::strided_shard(0, 0)}),
       ST_E_INVALID_ARGUMENT,
       "tensor \"q.weight\": the split factor 0 of a strided shard is not positive"},
  };
  const File file = sample_file();
  for (const Case& test : cases) {
    try {
      test.plan.report(file);
      FAIL("no error, expected: " << test.message);
    } catch (const safetensors::Error& error) {
      CHECK(error.code() == test.code);
      CHECK(std::string(error.what()) == test.message);
    }
  }
  CHECK_THROWS_AS(Plan().into("x", at::Tensor()), safetensors::Error);
}

TEST_CASE("a star stands for any number of characters") {
  struct Case {
    const char* pattern;
    const char* name;
    bool matches;
  };
  const Case cases[] = {{"a.b", "a.b", true},     {"a.b", "a.bc", false},
                        {"", "", true},           {"*", "", true},
                        {"*", "a.b", true},       {"a*", "a", true},
                        {"a*", "b", false},       {"*.w", "a.b.w", true},
                        {"*.w", "a.b.wx", false}, {"a*c*e", "abcde", true},
                        {"a*c*e", "abde", false}, {"*ab*ab", "abab", true},
                        {"*ab*ab", "aab", false}, {"a**b", "ab", true},
                        {"*a", "aaaa", true},     {"layers.*.q", "layers.1.x.q", true}};
  for (const Case& test : cases) {
    INFO(test.pattern << " and " << test.name);
    CHECK(safetensors::matches_glob(test.pattern, test.name) == test.matches);
  }
}
