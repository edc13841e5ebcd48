#include "cli/repair/repair_plan.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "cli/check/damage.h"
#include "cli/exit_code.h"
#include "cli/input/raw_header.h"
#include "cli/input/raw_layout.h"
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

  void run(const std::function<bool(const std::string&)>& is_wanted) {
    if (!header_.has_json) refuse_unreadable();
    const RawLayout layout = find_layout(*file_, header_);
    if (!layout.obstacle.empty()) refuse(layout.obstacle);
    length_ = *layout.header_length;
    report_header();
    report_data(layout.trailing);
    add_metadata();
    repair_.plan.source_checks.emplace_back([file = file_] { file->verify_unchanged(); });
    std::uint64_t copies = 0;
    for (const RawEntry& entry : header_.entries)
      is_wanted(entry.name) ? add_tensor(entry) : static_cast<void>(++copies);
    if (copies > 0)
      report("leaves out " + counted(copies, "tensor") + " that the index assigns to other files");
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const {
    throw InvalidInput("cannot repair " + quote(name_) + ": " + reason);
  }

  // Throws what check says of a file without a header that can be read.
  [[noreturn]] void refuse_unreadable() const {
    Findings findings;
    classify_damage(*file_, name_, "its header cannot be read: " + header_.defect, findings);
    const Finding& first = findings.all().front();
    refuse(first.remedy.empty() ? first.message : first.message + ". " + first.remedy);
  }

  void report(const std::string& text) { repair_.repairs.push_back(name_ + ": " + text); }

  void report_header() {
    if (header_.is_broken_empty) report("writes the metadata of a file without tensors as JSON");
    if (length_ != header_.length)
      report("corrects the header length from " + grouped(header_.length) + " to " +
             grouped(length_));
    else if (header_.padding == Padding::Nul)
      report("replaces NUL bytes after the header by spaces");
    else if (header_.padding == Padding::Other)
      report("removes bytes after the JSON text of the header");
    for (const std::string& name : header_.repeated_names)
      report("removes a second entry of tensor " + quote(name));
    for (const std::string& key : header_.repeated_keys)
      report("removes a second entry of the metadata key " + quote(key));
  }

  void report_data(std::uint64_t trailing) {
    std::uint64_t at = 0, gaps = 0, shared = 0, empty_inside = 0, unaligned = 0;
    for (const RawEntry& entry : header_.entries) {
      if (entry.begin > at) gaps += entry.begin - at;
      if (entry.begin < at) {
        shared += std::min(at, entry.end) - entry.begin;
        empty_inside += entry.begin == entry.end;
      }
      at = std::max(at, entry.end);
      const std::uint64_t size = dtype_bits(*entry.dtype) / 8;
      unaligned += size > 1 && (8 + length_ + entry.begin) % size != 0;
    }
    if (gaps > 0) report("removes " + counted(gaps, "byte") + " between tensors");
    if (shared > 0) report("copies " + counted(shared, "byte") + " that tensors share");
    if (empty_inside > 0)
      report("moves " + counted(empty_inside, "empty tensor") + " out of other tensors");
    if (trailing > 0) report("removes " + counted(trailing, "byte") + " after the data");
    if (unaligned > 0) report("aligns the data of " + counted(unaligned, "tensor"));
  }

  void add_metadata() {
    if (repair_.plan.metadata.empty()) {
      repair_.plan.metadata = std::move(header_.metadata);
      return;
    }
    for (const auto& [key, value] : header_.metadata) {
      const auto [found, is_new] = repair_.plan.metadata.emplace(key, value);
      if (!is_new && found->second != value)
        refuse("the metadata key " + quote(key) + " has another value in another file");
    }
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
  std::uint64_t length_ = 0;  // of the header, after which the data begins
};

}  // namespace

void add_damaged_file(const std::string& path, const std::string& name,
                      const std::function<bool(const std::string&)>& is_wanted,
                      RepairPlan& repair) {
  FileRepair(path, name, repair).run(is_wanted);
}

}  // namespace safetensors::cli
