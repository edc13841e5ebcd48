#include "cli/check/damage.h"

#include <algorithm>

#include "cli/check/foreign_file.h"
#include "cli/input/raw_header.h"
#include "cli/input/raw_layout.h"
#include "cli/input/text_copy.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t most_zeros_read = std::uint64_t{1} << 26;
const char* const download_again = "Download it again";
const char* const write_again = "Download it again, or save it again with a current release";
const char* const text_copy =
    "the file was copied as text, which changed its data: line ends or the encoding";
const char* const copy_as_binary = "Copy or download it again, as binary";

// The number with its bytes in reverse order.
std::uint64_t swapped(std::uint64_t number) {
  std::uint64_t reverse = 0;
  for (int i = 0; i < 8; ++i, number >>= 8)
    reverse = reverse << 8 | (number & 0xFF);
  return reverse;
}

// A file without a header that can be read.
void classify_without_header(const RawFile& file, const RawHeader& header, const std::string& name,
                             Findings& findings) {
  if (header.is_too_long)
    return findings.fault("header", name,
                          "the header has " + counted(header.length, "byte") + ", more than the " +
                              grouped(longest_header) + " that readers accept",
                          "Save the model as several files");
  const std::string begin = file.text_at(0, foreign_bytes);
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
  if (const std::uint64_t zeros = file.leading_zeros(most_zeros_read); zeros > 8)
    return findings.fault(
        "zeros", name,
        "begins with " + counted(zeros, "NUL byte") + ": its first part was never written",
        download_again);
  if (!has_brace && is_text_copy_of_length(file))
    return findings.fault("text_copy", name, text_copy, copy_as_binary);
  if (!has_brace)
    return findings.fault("not_safetensors", name,
                          "not a safetensors file: the first 8 bytes mean a header of " +
                              grouped(header.length) + " bytes, and the next byte is not {",
                          download_again);
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
    if (!header_.defect.empty()) add("header", header_.defect);
    add_repeated();
    const bool has_valid_types = add_types();
    if (!header_.defect.empty() || !layout_.header_length || !has_valid_types) return;
    if (!layout_.is_text_copy) add_offsets();
    add_size();
  }

 private:
  // `remedy` is for a file that repair refuses.
  void add(const char* code, std::string message, const char* remedy = write_again) {
    if (layout_.obstacle.empty())
      findings_.repairable_fault(code, name_, std::move(message));
    else
      findings_.fault(code, name_, std::move(message), remedy);
  }

  void add_length() {
    if (header_.is_broken_empty)
      add("broken_empty",
          "has metadata and no tensors, as old releases of the reference wrote it: the header is "
          "not valid JSON");
    if (layout_.header_length != header_.length) {
      const std::string found = grouped(header_.length);
      if (!layout_.header_length)
        add("header_length",
            "the header length is " + found + ", but the JSON text has " +
                counted(header_.json_length, "byte") +
                ", and the size of the file does not tell which one is right",
            download_again);
      else if (swapped(header_.length) == *layout_.header_length)
        add("header_length",
            "the header length " + grouped(*layout_.header_length) + " is written big-endian");
      else
        add("header_length", "the header length is wrong: " + found + ", expected " +
                                 grouped(*layout_.header_length));
      return;
    }
    if (header_.padding == Padding::Other)
      add("header_padding", "the JSON text of the header is followed by other bytes than spaces");
    if (header_.padding == Padding::Nul)
      add("nul_padding",
          "the header ends with NUL bytes instead of spaces, as some writers pad it");
  }

  void add_repeated() {
    const auto add_names = [&](const std::vector<std::string>& same,
                               const std::vector<std::string>& other, const char* what) {
      std::vector<std::string> names = same;
      names.insert(names.end(), other.begin(), other.end());
      if (!names.empty()) add("duplicate", "has more than one " + (what + some_names(names)));
    };
    add_names(header_.repeated_names, header_.conflicting_names, "tensor with the name ");
    add_names(header_.repeated_keys, header_.conflicting_keys, "metadata entry with the key ");
  }

  // Returns whether the bytes of every tensor can be right.
  bool add_types() {
    std::vector<std::string> unknown_dtypes, wrong_sizes;
    for (const RawEntry& entry : header_.entries) {
      if (!entry.dtype)
        unknown_dtypes.push_back(entry.dtype_text);
      else if (entry.nbytes() != entry.end - entry.begin)
        wrong_sizes.push_back(entry.name);
    }
    if (!unknown_dtypes.empty())
      add("dtype", "has tensors of the unknown dtype " + some_names(unknown_dtypes),
          "Use a newer release that knows it, or save the model again with a known dtype");
    if (!wrong_sizes.empty())
      add("size_mismatch", "dtype and shape do not match the bytes of " + some_names(wrong_sizes));
    return wrong_sizes.empty();
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
      add("gap", counted(gaps, "byte") + " before " + some_names(before_gaps) +
                     " belong to no tensor, as writers leave them that align tensors");
    if (!overlapping.empty())
      add("overlap", "other tensors have bytes of " + some_names(overlapping));
    if (!empty_inside.empty())
      add("overlap", "the data_offsets of empty tensors are inside other tensors: " +
                         some_names(empty_inside));
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
    } else if (layout_.is_text_copy) {
      add("text_copy", text_copy, copy_as_binary);
    } else if (layout_.trailing > 0) {
      const bool is_zero = file_.is_zero(expected, header_.file_size, most_zeros_read);
      add("trailing_bytes", "no tensor has the " + counted(layout_.trailing, "byte") +
                                " after the data" +
                                (is_zero ? ", which are NUL, as some tools pad files" : ""));
    }
  }

  const RawFile& file_;
  const RawHeader& header_;
  RawLayout layout_;
  const std::string& name_;
  Findings& findings_;
};

}  // namespace

void classify_damage(const RawFile& file, const std::string& name, const std::string& reason,
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
  if (findings.all().size() == before) findings.fault("invalid", name, reason, {});
}

}  // namespace safetensors::cli
