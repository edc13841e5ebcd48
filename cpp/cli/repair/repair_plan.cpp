#include "cli/repair/repair_plan.h"

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "cli/exit_code.h"
#include "cli/input/raw_header.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

class FileRepair {
 public:
  FileRepair(const std::string& path, const std::string& name, RepairPlan& repair)
      : file_(std::make_shared<const RawFile>(path)),
        header_(read_raw_header(*file_)),
        name_(name),
        repair_(repair) {}

  void run() {
    if (!header_.has_json) refuse("its header cannot be read: " + header_.defect);
    if (!header_.defect.empty()) refuse(header_.defect);
    repair_header();
    require_data();
    remove_duplicates();
    repair_layout();
    add_metadata();
    for (const RawEntry& entry : header_.entries)
      add_tensor(entry);
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const {
    throw InvalidInput("cannot repair " + quote(name_) + ": " + reason);
  }

  void report(const std::string& text) { repair_.repairs.push_back(name_ + ": " + text); }

  bool fits(std::uint64_t length) const {
    return length <= header_.file_size && 8 + length + header_.data_end() <= header_.file_size;
  }
  bool fits_exactly(std::uint64_t length) const {
    return fits(length) && 8 + length + header_.data_end() == header_.file_size;
  }

  // Decides where the data begins: after the header length of the file, unless only the end of the
  // JSON text agrees with the size of the file.
  void repair_header() {
    length_ = header_.length;
    if (header_.is_broken_empty)
      return report("writes the metadata of a file without tensors as JSON");
    const bool must_be_wrong = header_.length < header_.json_length || !fits(header_.length);
    if (!fits_exactly(header_.length) && header_.length != header_.json_length &&
        fits_exactly(header_.json_length)) {
      length_ = header_.json_length;
      return report("corrects the header length from " + grouped(header_.length) + " to " +
                    grouped(header_.json_length));
    }
    if (must_be_wrong && header_.length < header_.json_length)
      refuse("the header length " + grouped(header_.length) +
             " is wrong, and the size of the file "
             "does not tell the right one");
    if (header_.length > header_.json_length && header_.padding == Padding::Nul)
      report("replaces NUL bytes after the header by spaces");
    if (header_.length > header_.json_length && header_.padding == Padding::Other)
      report("removes bytes after the JSON text of the header");
  }

  void require_data() const {
    for (const RawEntry& entry : header_.entries) {
      const auto nbytes = entry.nbytes();
      if (!entry.dtype)
        refuse("tensor " + quote(entry.name) + " has the unknown dtype " + quote(entry.dtype_text));
      if (!nbytes || *nbytes != entry.end - entry.begin)
        refuse("dtype and shape of tensor " + quote(entry.name) + " do not match its " +
               counted(entry.end - entry.begin, "byte"));
    }
    const std::uint64_t end = 8 + length_ + header_.data_end();
    if (end > header_.file_size)
      refuse(grouped(end - header_.file_size) + " of " + counted(end, "byte") +
             " are missing at the end");
  }

  void repair_layout() {
    std::uint64_t at = 0, gaps = 0, shared = 0;
    for (const RawEntry& entry : header_.entries) {
      if (entry.begin > at) gaps += entry.begin - at;
      if (entry.begin < at) shared += std::min(at, entry.end) - entry.begin;
      at = std::max(at, entry.end);
    }
    if (gaps > 0) report("removes " + counted(gaps, "byte") + " between tensors");
    if (shared > 0) report("copies " + counted(shared, "byte") + " that tensors share");
    const std::uint64_t end = 8 + length_ + at;
    if (header_.file_size > end)
      report("removes " + counted(header_.file_size - end, "byte") + " after the data");
    std::uint64_t unaligned = 0;
    for (const RawEntry& entry : header_.entries) {
      const std::uint64_t size = dtype_bits(*entry.dtype) / 8;
      unaligned += size > 1 && (8 + length_ + entry.begin) % size != 0;
    }
    if (unaligned > 0) report("aligns the data of " + counted(unaligned, "tensor"));
  }

  void add_metadata() {
    for (const auto& [key, value] : header_.metadata) {
      const auto [found, is_new] = repair_.plan.metadata.emplace(key, value);
      if (!is_new && found->second != value)
        refuse("the metadata key " + quote(key) + " has more than one value");
    }
  }

  // Entries that are equal in every field count once.
  void remove_duplicates() {
    std::unordered_map<std::string, RawEntry> first_of;
    std::vector<RawEntry> distinct;
    for (const RawEntry& entry : header_.entries) {
      const auto [found, is_new] = first_of.emplace(entry.name, entry);
      const RawEntry& first = found->second;
      if (!is_new &&
          (first.dtype != entry.dtype || first.shape != entry.shape || first.begin != entry.begin))
        refuse("two different tensors have the name " + quote(entry.name));
      if (is_new) distinct.push_back(entry);
      if (!is_new) report("removes a second entry of tensor " + quote(entry.name));
    }
    header_.entries = std::move(distinct);
  }

  void add_tensor(const RawEntry& entry) {
    PlannedTensor planned{entry.name, *entry.dtype, entry.shape, entry.end - entry.begin, nullptr};
    planned.fill = [file = file_, begin = 8 + length_ + entry.begin](std::uint64_t offset,
                                                                     MutableBytes buffer) {
      file->read_at(begin + offset, buffer);
    };
    repair_.plan.tensors.push_back(std::move(planned));
  }

  std::shared_ptr<const RawFile> file_;
  RawHeader header_;
  std::string name_;
  RepairPlan& repair_;
  std::uint64_t length_ = 0;
};

}  // namespace

void add_damaged_file(const std::string& path, const std::string& name, RepairPlan& repair) {
  FileRepair(path, name, repair).run();
}

}  // namespace safetensors::cli
