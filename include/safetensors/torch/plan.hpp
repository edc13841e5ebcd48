// Plan: which parts of the tensors of a file a process loads.
#ifndef SAFETENSORS_TORCH_PLAN_HPP
#define SAFETENSORS_TORCH_PLAN_HPP

#include <ATen/core/Tensor.h>
#include <safetensors/safetensors.hpp>
#include <safetensors/torch/export.hpp>
#include <safetensors/torch/placement.hpp>
#include <safetensors/torch/renames.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace safetensors {

// Which process this one is, {rank, size}, of those among which tensor parallelism divides a model.
// They may be fewer than those that load the file together.
struct Ranks {
  std::int64_t rank;
  std::int64_t size;
};

// A part of a dimension that is divided for itself: q, k or v of a packed qkv projection.
struct PackedPart {
  std::uint64_t extent;    // elements of the dimension
  std::uint64_t unit = 1;  // as in Plan::column
};

// A tensor of a plan.
struct PlannedTensor {
  std::string name;  // in the program: after the renames
  Dtype dtype;
  std::vector<std::uint64_t> file_shape;  // of the whole tensor, in elements of the file
  std::vector<std::uint64_t> shape;       // of what this process gets, in elements of the file
  TensorSlices slices;                    // every dimension, every end is explicit
  std::uint64_t nbytes;                   // of what this process gets
};

// What a plan selects of a file.
struct PlanReport {
  std::vector<PlannedTensor> tensors;  // in the order of the file
  std::uint64_t nbytes = 0;            // of all of them
};

// Maps each tensor of a file to the part that this process loads, and perhaps to the tensor that
// receives it. A rule applies to the names that match its pattern: an exact name, or one in which
// each "*" stands for any number of characters, dots too. The first rule that matches a name
// counts. Tensors without a rule are loaded whole.
//
//   const safetensors::Ranks tp{group->getRank(), group->getSize()};
//   safetensors::Plan plan;
//   plan.column("*.q_proj.weight", tp, head_dim)
//       .row("*.o_proj.weight", tp)
//       .packed("*.gate_up_proj.weight", tp, 0, {{intermediate}, {intermediate}})
//       .skip("vision_tower.*");
//
// A plan does not refer to a file; report() shows what it selects of one. The functions that take a
// plan throw Error ST_E_TENSOR_NOT_FOUND if a rule whose pattern is an exact name, or into(),
// matches no tensor, and ST_E_INVALID_ARGUMENT for a rule that does not fit a tensor.
class Plan {
 public:
  // The part that `placements` give this process, one per mesh dimension. On process (2, 1) of a
  // mesh of 4 by 2 processes, FSDP over tensor parallelism:
  // place("*.weight", {{4, 2}, {2, 1}}, {Placement::strided_shard(0, 2), Placement::shard(0)})
  ST_TORCH_API Plan& place(std::string pattern, Mesh mesh, std::vector<Placement> placements);

  // The elements at `slices`.
  ST_TORCH_API Plan& slice(std::string pattern, TensorSlices slices);

  // All of the tensor, or nothing of it.
  ST_TORCH_API Plan& whole(std::string pattern);
  ST_TORCH_API Plan& skip(std::string pattern);

  // Tensor parallelism of torch.nn.functional.linear. Weights are [out, in]: column() divides
  // dimension 0 of weights and biases; row() divides dimension 1 of weights, and biases are whole
  // (add them on one rank); scalars are whole. A dimension is divided in multiples of `unit`
  // elements, such as the size of an attention head, in order as by Placement::shard. If it has
  // fewer units than there are ranks, and `unit` is not 1, rank r of m has unit floor(r * u / m) of
  // u: neighbours have the same key and value heads. `unit` must divide the dimension. Grouped
  // query heads have their key head on the same rank only if the number of ranks divides that of
  // the query heads, and divides that of the key heads or is a multiple of it.
  ST_TORCH_API Plan& column(std::string pattern, Ranks ranks, std::uint64_t unit = 1);
  ST_TORCH_API Plan& row(std::string pattern, Ranks ranks, std::uint64_t unit = 1);

  // The rows of an embedding, divided as by column() with units of 1; the table may be padded to
  // `padded_rows` (0: it is not). Rows of the padding are not in the file: the ranks that have them
  // get fewer rows, or none.
  ST_TORCH_API Plan& embedding(std::string pattern, Ranks ranks, std::uint64_t padded_rows = 0);

  // A dimension that consists of `parts`: each is divided as by column(), and what this rank has of
  // them is joined. The extents of the parts must add up to the dimension's. A negative `dim`
  // counts from the last one.
  ST_TORCH_API Plan& packed(std::string pattern, Ranks ranks, std::int64_t dim,
                            std::vector<PackedPart> parts);

  // What the plan loads of the tensor `name` is copied into `destination`, of the same shape, and
  // converted to its dtype. The name is that after the renames.
  ST_TORCH_API Plan& into(std::string name, at::Tensor destination);

  // The tensors, their shapes and bytes, from the header alone.
  ST_TORCH_API PlanReport report(const File& file, const Renames& renames = {}) const;

 private:
  friend class PlanRules;

  struct Placed {
    Mesh mesh;
    std::vector<Placement> placements;
  };
  struct Skipped {};
  struct Parallel {
    enum class Kind : std::uint8_t { column, row } kind;
    Ranks ranks;
    std::uint64_t unit;
  };
  struct Embedding {
    Ranks ranks;
    std::uint64_t padded_rows;
  };
  struct Packed {
    Ranks ranks;
    std::int64_t dim;
    std::vector<PackedPart> parts;
  };
  struct Rule {
    std::string pattern;
    std::variant<TensorSlices, Placed, Skipped, Parallel, Embedding, Packed> part;
  };

  std::vector<Rule> rules_;
  std::map<std::string, at::Tensor, std::less<>> destinations_;
};

}  // namespace safetensors

#endif
