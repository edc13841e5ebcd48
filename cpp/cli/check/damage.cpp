#include "cli/check/damage.h"

#include <algorithm>

#include "cli/check/foreign_file.h"
#include "cli/input/raw_header.h"
#include "cli/input/raw_layout.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t most_zeros_read = std::uint64_t{1} << 26;
const char* const download_again = "Download it again";
const char* const repair_it = "safetensors repair writes a valid file";

// A file without a header that can be read.
void classify_without_header(const RawFile& file, const RawHeader& header, const std::string& name,
                             Findings& findings) {
  const std::string begin = file.text_at(0, 64);
  const bool has_brace = begin.size() > 8 && begin[8] == '{';
  const ForeignFile foreign = recognize_foreign_file(begin);
  if (!has_brace && !foreign.code.empty())
    return findings.fault(foreign.code, name, foreign.what, foreign.remedy);
  if (begin.size() < 8)
    return findings.fault(
        "truncated", name,
        "has " + counted(begin.size(), "byte") + ", fewer than the 8 of the header length",
        download_again);
  const bool is_plausible = header.length <= longest_header;
  if (is_plausible && header.length > file.size() - 8 && (has_brace || file.size() == 8))
    return findings.fault("truncated", name,
                          "ends within the header, of which " + grouped(file.size() - 8) + " of " +
                              grouped(header.length) + " bytes are there",
                          download_again);
  if (!has_brace)
    return findings.fault("not_safetensors", name,
                          "not a safetensors file: the first 8 bytes mean a header of " +
                              grouped(header.length) + " bytes, and the next byte is not {",
                          {});
  findings.fault("header", name, "the header is damaged: " + header.defect, download_again);
}

// Adds the faults of a header that can be read, and of the data after it.
class DamageReport {
 public:
  DamageReport(const RawFile& file, const RawHeader& header, const std::string& name,
               Findings& findings)
      : file_(file),
        header_(header),
        layout_(find_layout(file, header)),
        name_(name),
        findings_(findings) {}

  void add_all() {
    add_length();
    if (!header_.defect.empty()) add("header", header_.defect, {});
    add_repeated();
    add_types();
    add_offsets();
    if (header_.defect.empty() && layout_.header_length) add_size();
  }

 private:
  void add(const char* code, std::string message, const char* remedy) {
    findings_.fault(code, name_, std::move(message), remedy ? remedy : "");
  }

  // For damage that repair can undo if nothing else is wrong.
  const char* repair_or(const char* other) const {
    return layout_.obstacle.empty() ? repair_it : other;
  }

  void add_length() {
    if (header_.is_broken_empty)
      add("broken_empty",
          "has metadata and no tensors, as old releases of the reference wrote it: the header is "
          "not valid JSON",
          repair_or({}));
    if (layout_.header_length != header_.length) {
      const std::string lengths = "the header length is " + grouped(header_.length) +
                                  ", but the JSON text has " + counted(header_.json_length, "byte");
      return add("header_length",
                 layout_.header_length
                     ? lengths
                     : lengths + ", and the size of the file does not tell which one is right",
                 repair_or(download_again));
    }
    if (header_.padding == Padding::Other)
      add("header_padding", "the JSON text of the header is followed by other bytes than spaces",
          repair_or({}));
    if (header_.padding == Padding::Nul)
      add("nul_padding", "the header ends with NUL bytes instead of spaces, as some writers pad it",
          repair_or({}));
  }

  void add_repeated() {
    const auto add_names = [&](const std::vector<std::string>& same,
                               const std::vector<std::string>& other, const char* what) {
      std::vector<std::string> names = same;
      names.insert(names.end(), other.begin(), other.end());
      if (!names.empty())
        add("duplicate", "has more than one " + (what + some_names(names)), repair_or({}));
    };
    add_names(header_.repeated_names, header_.conflicting_names, "tensor with the name ");
    add_names(header_.repeated_keys, header_.conflicting_keys, "metadata entry with the key ");
  }

  void add_types() {
    std::vector<std::string> unknown_dtypes, wrong_sizes;
    for (const RawEntry& entry : header_.entries) {
      if (!entry.dtype)
        unknown_dtypes.push_back(entry.dtype_text);
      else if (entry.nbytes() != entry.end - entry.begin)
        wrong_sizes.push_back(entry.name);
    }
    if (!unknown_dtypes.empty())
      add("dtype", "has tensors of the unknown dtype " + some_names(unknown_dtypes),
          "A newer release may know it");
    if (!wrong_sizes.empty())
      add("size_mismatch", "dtype and shape do not match the bytes of " + some_names(wrong_sizes),
          {});
  }

  void add_offsets() {
    std::vector<std::string> before_gaps, overlapping, empty_inside;
    std::uint64_t gaps = 0, at = 0;
    for (const RawEntry& entry : header_.entries) {
      if (entry.begin > at) {
        gaps += entry.begin - at;
        before_gaps.push_back(entry.name);
      }
      if (entry.begin < at)
        (entry.begin == entry.end ? empty_inside : overlapping).push_back(entry.name);
      at = std::max(at, entry.end);
    }
    if (gaps > 0)
      add("gap",
          counted(gaps, "byte") + " before " + some_names(before_gaps) +
              " belong to no tensor, as writers leave them that align tensors",
          repair_or({}));
    if (!overlapping.empty())
      add("overlap", "other tensors have bytes of " + some_names(overlapping), repair_or({}));
    if (!empty_inside.empty())
      add("overlap",
          "the data_offsets of empty tensors are inside other tensors: " + some_names(empty_inside),
          repair_or({}));
  }

  void add_size() {
    const std::uint64_t data_begin = 8 + *layout_.header_length;
    const std::uint64_t expected = data_begin + header_.data_end();
    if (layout_.missing > 0) {
      const auto complete = std::count_if(
          header_.entries.begin(), header_.entries.end(),
          [&](const RawEntry& entry) { return data_begin + entry.end <= header_.file_size; });
      add("truncated",
          human_bytes(layout_.missing) + " of " + human_bytes(expected) +
              " are missing at the end, and " + grouped(static_cast<std::uint64_t>(complete)) +
              " of " + counted(header_.entries.size(), "tensor") +
              " are complete: an interrupted download or copy",
          download_again);
    } else if (layout_.trailing > 0) {
      const bool is_zero = file_.is_zero(expected, header_.file_size, most_zeros_read);
      add("trailing_bytes",
          "no tensor has the " + counted(layout_.trailing, "byte") + " after the data" +
              (is_zero ? ", which are NUL, as some tools pad files" : ""),
          repair_or({}));
    }
  }

  const RawFile& file_;
  const RawHeader& header_;
  RawLayout layout_;
  const std::string& name_;
  Findings& findings_;
};

}  // namespace

void classify_damage(const RawFile& file, const std::string& name, const Error& error,
                     Findings& findings) {
  if (file.size() == 0)
    return findings.fault("empty", name, "empty: the download did not begin, or the disk was full",
                          download_again);
  if (file.is_zero(0, file.size(), most_zeros_read))
    return findings.fault("zeros", name,
                          "has only NUL bytes: its space was allocated, but nothing was written",
                          download_again);
  const std::size_t before = findings.all().size();
  const RawHeader header = read_raw_header(file);
  if (!header.has_json) return classify_without_header(file, header, name, findings);
  DamageReport(file, header, name, findings).add_all();
  if (findings.all().size() == before) findings.fault("invalid", name, error.what(), {});
}

}  // namespace safetensors::cli
