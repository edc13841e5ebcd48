#include "cli/transform/cast.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/output/numbers.h"
#include "cli/transform/copy_plan.h"
#include "cli/values/encode.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t block_elements = 16384;

// Casts the elements of a tensor while it is written.
class CastReader {
 public:
  CastReader(std::shared_ptr<const File> file, const TensorInfo& tensor, Dtype to)
      : file_(std::move(file)),
        begin_(tensor.file_offset),
        from_(tensor.dtype),
        to_(to),
        source_size_(dtype_bits(tensor.dtype) / 8),
        target_size_(dtype_bits(to) / 8) {}

  // Fills `buffer` with bytes of the cast tensor; the first and the last element may be partial.
  void operator()(std::uint64_t offset, MutableBytes buffer) const {
    const std::uint64_t end = offset + buffer.size();
    const std::uint64_t last = (end + target_size_ - 1) / target_size_;
    std::vector<std::byte> source, target;
    std::vector<float> numbers;
    for (std::uint64_t element = offset / target_size_; element < last;) {
      const std::uint64_t count = std::min(block_elements, last - element);
      source.resize(count * source_size_);
      numbers.resize(count);
      target.resize(count * target_size_);
      file_->read_at(begin_ + element * source_size_, source);
      decode_floats(from_, source, numbers);
      encode_floats(from_, to_, numbers, target.data());
      const std::uint64_t block = element * target_size_;
      const std::uint64_t from = std::max(offset, block);
      const std::uint64_t to = std::min(end, block + target.size());
      std::memcpy(buffer.data() + (from - offset), target.data() + (from - block), to - from);
      element += count;
    }
  }

 private:
  std::shared_ptr<const File> file_;
  std::uint64_t begin_;
  Dtype from_, to_;
  std::uint64_t source_size_, target_size_;  // of an element, in bytes
};

PlannedTensor planned_cast(const std::shared_ptr<const File>& file, const TensorInfo& tensor,
                           Dtype to) {
  PlannedTensor planned = planned_copy(file, tensor, std::string(tensor.name));
  planned.dtype = to;
  planned.nbytes = element_count(tensor.shape) * dtype_bits(to) / 8;
  planned.fill = CastReader(file, tensor, to);
  return planned;
}

Dtype parse_target(std::string name) {
  for (char& c : name)
    c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  for (const Dtype dtype : {Dtype::F32, Dtype::F16, Dtype::BF16, Dtype::F8_E4M3, Dtype::F8_E5M2})
    if (name == dtype_name(dtype)) return dtype;
  throw UsageError("cannot cast to " + quote(name) +
                   ": expected F32, F16, BF16, F8_E4M3 or F8_E5M2");
}

}  // namespace

Command cast_command() {
  const auto options = std::make_shared<CastOptions>();
  Command command;
  command.name = "cast";
  command.summary = "write a model with another floating-point dtype";
  command.details = {
      "Casts the selected tensors of dtype F64, F32, F16, BF16, F8_E4M3 and F8_E5M2; others are "
      "copied. The values are those of Tensor.to() of PyTorch 2.13, bit for bit: rounded to the "
      "nearest value, of two equally near ones to the one with an even mantissa. F64 is rounded to "
      "F32 first.",
      "Saturation: values beyond the largest one become infinity in F16, BF16 and F8_E5M2, and 448 "
      "with their sign in F8_E4M3, which has no infinity; so does infinity. NaN stays NaN. The "
      "only bits that differ from those of PyTorch are NaN of F64 in BF16: here always 0x7FC0, "
      "there also 0xFFFF, which depends on the place of the element."};
  command.model(&options->path);
  add_selection(command, &options->selection);
  command.option("-t,--to", "DTYPE", &options->to, "F32, F16, BF16, F8_E4M3 or F8_E5M2").required =
      true;
  add_target(command, &options->target);
  command.examples = {
      {"cast model/ --to BF16 -o smaller/", "all floating-point tensors"},
      {"cast a.safetensors '*.weight' --exclude '*[Nn]orm*' --to F8_E4M3 -o b.safetensors",
       "some tensors"}};
  command.run = [options](Output& out) { return run_cast(*options, out); };
  return command;
}

int run_cast(const CastOptions& options, Output& out) {
  const Dtype to = parse_target(options.to);
  const auto file = std::make_shared<const File>(open_model(options.path));
  Selection selection(options.selection);
  WritePlan plan = empty_plan_like(file);
  const std::vector<TensorInfo> tensors = file->tensors();
  std::uint64_t casts = 0;
  for (const TensorInfo& tensor : tensors) {
    const bool is_cast =
        selection.accepts(tensor.name) && is_cast_source(tensor.dtype) && tensor.dtype != to;
    casts += is_cast ? 1 : 0;
    plan.tensors.push_back(is_cast ? planned_cast(file, tensor, to)
                                   : planned_copy(file, tensor, std::string(tensor.name)));
  }
  selection.check_used(tensors);
  const std::vector<WrittenFile> files = write_plan(plan, options.target, "casting");
  report_written(files, options.target, out);
  if (!out.json)
    out.print_line(counted(casts, "tensor") + " cast to " + std::string(dtype_name(to)) + ", " +
                   grouped(tensors.size() - casts) + " copied");
  return exit_success;
}

}  // namespace safetensors::cli
