// Implements save_distributed and placed_tensor.
#include <safetensors/torch/save_distributed.hpp>

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "distributed/agreement.h"
#include "distributed/exchange.h"
#include "distributed/file_writers.h"
#include "distributed/group.h"
#include "distributed/plan_rules.h"
#include "distributed/save_layout.h"
#include "names/quote.h"
#include "progress.h"
#include "save_checks.h"
#include "tensor/byte_view.h"
#include "tensor/dtype_map.h"
#include "tensor/shared_tensors.h"

namespace safetensors {

namespace {

// Copies bytes of a part, which is dense and in row-major order.
void read_part(const at::Tensor& part, std::uint64_t offset, std::byte* to, std::uint64_t nbytes) {
  if (part.is_cpu()) {
    std::memcpy(to, static_cast<const std::byte*>(part.const_data_ptr()) + offset, nbytes);
  } else {
    const c10::NoGradGuard no_grad;
    byte_view(borrowed_host_storage(to, nbytes), 0, nbytes).copy_(byte_view(part, offset, nbytes));
  }
}

class Saver {
 public:
  Saver(const Group& group, Agreement& agreement, const std::filesystem::path& directory,
        const Metadata& metadata, const SaveDistributedOptions& options)
      : group_(group),
        agreement_(agreement),
        directory_(directory),
        metadata_(metadata),
        options_(options) {}

  void run(const std::vector<ShardedTensor>& tensors) {
    const c10::NoGradGuard no_grad;
    std::map<std::string, at::Tensor> parts;
    ByteWriter own;
    agreement_.attempt([&] { declare(tensors, &parts, &own); });
    agreement_.settle();
    {
      const auto declarations = group_.gather_texts(own.bytes());
      agreement_.attempt([&] { tensors_ = join_declarations(declarations); });
    }
    agreement_.settle();

    agreement_.attempt([&] { stage(); });
    agreement_.settle();
    share_files();
    agreement_.attempt([&] { prepare(parts); });
    agreement_.attempt_callback([&] { progress_.emplace(options_.progress, total_); });
    agreement_.settle();

    if (run_exchange(group_, agreement_, exchange(), *memory_))
      agreement_.attempt([&] { writers_->finish(); });
    // The files of a failed save are removed before the directory that they are in.
    writers_.reset();
    agreement_.settle();
    agreement_.attempt([&] {
      if (stage_) stage_->commit();
    });
    agreement_.settle();
  }

 private:
  // The parts by name, and their declarations.
  void declare(const std::vector<ShardedTensor>& tensors, std::map<std::string, at::Tensor>* parts,
               ByteWriter* declarations) {
    StateDict state;
    for (const ShardedTensor& tensor : tensors)
      state.push_back({tensor.name, tensor.part});
    check_storable(state);
    check_unshared(state);

    declarations->number(tensors.size());
    for (const ShardedTensor& tensor : tensors) {
      PlannedPart part;
      part.info.name = tensor.name;
      part.info.dtype = *dtype_of_scalar_type(tensor.part.scalar_type());
      part.info.shape = tensor.shape;
      part.intervals = explicit_intervals(tensor.slices, tensor.shape);
      const auto sizes = sizes_of(part, tensor.part.scalar_type());
      if (tensor.part.sizes() != at::IntArrayRef(sizes))
        throw Error(ST_E_INVALID_ARGUMENT,
                    "the part of tensor " + quote(tensor.name) +
                        " has another shape than its slices of the whole tensor");
      slice_of(part.info, part.intervals);  // checks whole bytes
      encode_declaration(tensor.name, part.info.dtype, tensor.shape, part.intervals, declarations);
      (*parts)[tensor.name] = tensor.part.resolve_conj().resolve_neg().contiguous();
    }
  }

  void stage() {
    if (group_.rank() != 0) return;
    std::vector<TensorDeclaration> declarations;
    for (const DeclaredTensor& tensor : tensors_)
      declarations.push_back({tensor.name, tensor.dtype, tensor.shape});
    SaveOptions save;
    save.durability = options_.durability;
    save.mode = options_.mode;
    save.alignment = options_.alignment;
    stage_.emplace(directory_, declarations, options_.set, save, metadata_);
    for (std::uint64_t shard = 0; shard < stage_->shard_count(); ++shard)
      files_.paths.push_back(stage_->path(shard));
    for (std::size_t i = 0; i < tensors_.size(); ++i)
      files_.shard_of.push_back(stage_->shard_of(i));
    files_.durability = options_.durability;
    files_.alignment = options_.alignment;
    files_.staging_bytes = options_.staging_bytes;
    files_.metadata = metadata_;
    // The only file has the metadata of the index.
    if (files_.paths.size() == 1)
      for (const auto& [key, value] : options_.set.index_metadata)
        files_.metadata[key] = value;
  }

  // Every process gets those of rank 0.
  void share_files() {
    ByteWriter own;
    agreement_.attempt([&] {
      if (group_.rank() == 0) encode_files(files_, &own);
    });
    const auto all = group_.gather_texts(own.bytes());
    agreement_.attempt([&] { files_ = decode_files(Bytes(all.front()), tensors_.size()); });
  }

  void prepare(const std::map<std::string, at::Tensor>& parts) {
    std::uint64_t nbytes = 0;
    for (const DeclaredTensor& tensor : tensors_)
      nbytes += nbytes_of(tensor);
    const c10::Device device = group_.exchange_device(std::nullopt);
    const std::uint64_t chunk = chunk_nbytes(
        {files_.staging_bytes, !device.is_cpu(), !device.is_cpu()}, group_.size(), nbytes);
    const std::uint64_t all = group_.size() * (chunk + message_slack);
    layout_.emplace(tensors_, files_, group_.size(), chunk);
    writers_.emplace(directory_, tensors_, files_, *layout_, group_.rank());
    chunk_.resize(chunk + message_slack);
    memory_.emplace(device, std::nullopt, all, all);

    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      const auto part = parts.find(tensors_[i].name);
      own_.push_back(part == parts.end() ? at::Tensor() : part->second);
      has_device_parts_ |= part != parts.end() && !part->second.is_cpu();
      total_ += layout_->slice(group_.rank(), i).nbytes();
    }
  }

  Exchange exchange() {
    Exchange exchange;
    exchange.rounds = layout_->rounds();
    // Parts on an accelerator are copied on this thread, after the work of its current stream.
    exchange.threads = has_device_parts_ ? 0 : 2;
    exchange.make = [this](std::size_t round, std::byte* messages) { make(round, messages); };
    exchange.size = [this](std::size_t round, std::size_t owner, std::size_t writer) {
      return message_header_nbytes + payload(round, owner, writer);
    };
    exchange.take = [this](std::size_t round, const std::vector<std::uint64_t>& offsets,
                           const c10::Storage& memory, PinnedRing*,
                           std::size_t) { take(round, offsets, memory); };
    return exchange;
  }

  // The bytes of the part of process `owner` in what process `writer` writes.
  std::uint64_t payload(std::size_t round, std::size_t owner, std::size_t writer) const {
    std::uint64_t nbytes = 0;
    for (const ScheduledPiece& piece : layout_->chunk(round, writer))
      nbytes += layout_->slice(owner, piece.tensor).nbytes_in({piece.file_begin, piece.file_end});
    return nbytes;
  }

  void make(std::size_t round, std::byte* messages) const {
    std::vector<LocalRange> ranges;
    std::byte* to = messages;
    for (std::size_t writer = 0; writer < group_.size(); ++writer) {
      to += message_header_nbytes;
      for (const ScheduledPiece& piece : layout_->chunk(round, writer)) {
        ranges.clear();
        layout_->slice(group_.rank(), piece.tensor)
            .local_ranges({piece.file_begin, piece.file_end}, &ranges);
        for (const LocalRange& range : ranges) {
          read_part(own_[piece.tensor], range.offset, to, range.nbytes);
          to += range.nbytes;
        }
      }
    }
  }

  // Puts the parts of all processes together, and writes what is complete.
  void take(std::size_t round, const std::vector<std::uint64_t>& offsets,
            const c10::Storage& received) {
    const at::Tensor on_host =
        received.device().is_cpu() ? at::Tensor() : byte_view(received, 0, offsets.back()).cpu();
    const auto* const messages = static_cast<const std::byte*>(
        on_host.defined() ? on_host.const_data_ptr() : received.data());
    std::vector<std::uint64_t> from(offsets.begin(), offsets.end() - 1);
    for (std::uint64_t& offset : from)
      offset += message_header_nbytes;

    for (const ScheduledPiece& piece : layout_->chunk(round, group_.rank())) {
      std::vector<Interval> runs;
      for (std::size_t owner = 0; owner < group_.size(); ++owner) {
        layout_->slice(owner, piece.tensor)
            .for_each_run({piece.file_begin, piece.file_end}, {}, [&](const Run& run) {
              std::memcpy(chunk_.data() + (run.file_offset - piece.file_begin),
                          messages + from[owner], run.nbytes);
              from[owner] += run.nbytes;
              runs.push_back({run.file_offset, run.file_offset + run.nbytes});
            });
      }
      write_runs(piece, &runs);
    }
    std::uint64_t sent = 0;
    for (std::size_t writer = 0; writer < group_.size(); ++writer)
      sent += payload(round, group_.rank(), writer);
    agreement_.attempt_callback([&] { progress_->add(sent); });
  }

  void write_runs(const ScheduledPiece& piece, std::vector<Interval>* runs) {
    std::sort(runs->begin(), runs->end());
    const std::uint64_t first = layout_->first_byte(piece.tensor);
    for (std::size_t i = 0; i < runs->size();) {
      Interval joined = (*runs)[i];
      while (++i < runs->size() && (*runs)[i].begin <= joined.end)
        joined.end = std::max(joined.end, (*runs)[i].end);
      writers_->write(
          piece.tensor, joined.begin - first,
          Bytes(chunk_.data() + (joined.begin - piece.file_begin), joined.end - joined.begin));
    }
  }

  const Group& group_;
  Agreement& agreement_;
  const std::filesystem::path& directory_;
  const Metadata& metadata_;
  const SaveDistributedOptions& options_;

  std::vector<DeclaredTensor> tensors_;
  std::optional<SetStage> stage_;  // rank 0's
  StagedFiles files_;
  std::optional<SaveLayout> layout_;
  std::optional<FileWriters> writers_;
  std::vector<std::byte> chunk_;
  std::vector<at::Tensor> own_;  // by tensor; undefined if this process has no part
  bool has_device_parts_ = false;
  std::uint64_t total_ = 0;  // bytes that this process sends
  std::optional<ProgressCounter> progress_;
  std::optional<ExchangeMemory> memory_;
};

}  // namespace

ShardedTensor placed_tensor(std::string name, at::Tensor part, std::vector<std::uint64_t> shape,
                            const Mesh& mesh, Span<const Placement> placements) {
  TensorSlices slices = placed_slices(shape, mesh, placements);
  return {std::move(name), std::move(part), std::move(shape), std::move(slices)};
}

void save_distributed(const std::vector<ShardedTensor>& tensors,
                      const std::filesystem::path& directory, const ProcessGroupPtr& process_group,
                      const Metadata& metadata, const SaveDistributedOptions& options) {
  run_collective(process_group, options.timeout, quote(directory.native()),
                 [&](const Group& group, Agreement& agreement) {
                   Saver(group, agreement, directory, metadata, options).run(tensors);
                 });
}

}  // namespace safetensors
