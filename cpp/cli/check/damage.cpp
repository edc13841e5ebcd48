#include "cli/check/damage.h"

#include <algorithm>
#include <map>

#include "cli/check/foreign_file.h"
#include "cli/input/raw_header.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::uint64_t longest_header = 100'000'000;
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

// Whether the file ends with the data if the header has this length.
bool data_fits(const RawHeader& header, std::uint64_t length) {
  return length <= header.file_size && 8 + length + header.data_end() == header.file_size;
}

// The length of the header that the data follows, or what is wrong with the one in the file.
std::uint64_t classify_length(const RawHeader& header, const std::string& name,
                              Findings& findings) {
  if (header.is_broken_empty) {
    findings.fault("broken_empty", name,
                   "has metadata and no tensors, as old releases of the reference wrote it: the "
                   "header is not valid JSON",
                   repair_it);
    return header.length;
  }
  const bool is_right = data_fits(header, header.length);
  const bool is_too_long = header.length > header.file_size - 8;
  const bool is_padding = header.length > header.json_length && header.padding != Padding::Other;
  if (header.length != header.json_length && !is_right &&
      (is_too_long || !is_padding || data_fits(header, header.json_length))) {
    const bool fits = data_fits(header, header.json_length);
    findings.fault("header_length", name,
                   "the header length is " + grouped(header.length) + ", but the JSON text has " +
                       counted(header.json_length, "byte"),
                   fits ? repair_it : download_again);
    return fits ? header.json_length : header.length;
  }
  if (header.length > header.json_length && header.padding == Padding::Other)
    findings.fault("header_padding", name,
                   "the JSON text of the header is followed by other bytes than spaces", repair_it);
  if (header.padding == Padding::Nul)
    findings.fault("nul_padding", name,
                   "the header ends with NUL bytes instead of spaces, as some writers pad it",
                   repair_it);
  return header.length;
}

// Whether the data of all tensors is in the file.
void classify_size(const RawFile& file, const RawHeader& header, std::uint64_t length,
                   const std::string& name, Findings& findings) {
  const std::uint64_t data_begin = 8 + length, expected = data_begin + header.data_end();
  if (header.file_size < expected) {
    std::uint64_t complete = 0;
    for (const RawEntry& entry : header.entries)
      complete += data_begin + entry.end <= header.file_size;
    findings.fault("truncated", name,
                   human_bytes(expected - header.file_size) + " of " + human_bytes(expected) +
                       " are missing at the end, and " + grouped(complete) + " of " +
                       counted(header.entries.size(), "tensor") +
                       " are complete: an interrupted download or copy",
                   download_again);
  } else if (header.file_size > expected) {
    const bool is_zero = file.is_zero(expected, header.file_size, most_zeros_read);
    findings.fault("trailing_bytes", name,
                   "no tensor has the " + counted(header.file_size - expected, "byte") +
                       " after the data" +
                       (is_zero ? ", which are NUL, as some tools pad files" : ""),
                   repair_it);
  }
}

void classify_entries(const RawHeader& header, const std::string& name, Findings& findings) {
  std::map<std::string, std::uint64_t> counts;
  std::vector<std::string> duplicates, unknown_dtypes, wrong_sizes, before_gaps, overlapping;
  std::uint64_t gaps = 0, at = 0;
  for (const RawEntry& entry : header.entries) {
    if (++counts[entry.name] == 2) duplicates.push_back(entry.name);
    if (!entry.dtype) unknown_dtypes.push_back(entry.dtype_text);
    if (entry.dtype && entry.nbytes() != entry.end - entry.begin) wrong_sizes.push_back(entry.name);
    if (entry.begin > at) {
      gaps += entry.begin - at;
      before_gaps.push_back(entry.name);
    }
    if (entry.begin < at && entry.begin != entry.end) overlapping.push_back(entry.name);
    at = std::max(at, entry.end);
  }
  if (!header.defect.empty()) findings.fault("header", name, header.defect, {});
  if (!duplicates.empty())
    findings.fault("duplicate", name,
                   "has more than one tensor with the name " + some_names(duplicates), {});
  if (!unknown_dtypes.empty())
    findings.fault("dtype", name, "has tensors of the unknown dtype " + some_names(unknown_dtypes),
                   "A newer release may know it");
  if (!wrong_sizes.empty())
    findings.fault("size_mismatch", name,
                   "dtype and shape do not match the bytes of " + some_names(wrong_sizes), {});
  if (gaps > 0)
    findings.fault("gap", name,
                   counted(gaps, "byte") + " before " + some_names(before_gaps) +
                       " belong to no tensor, as writers leave them that align tensors",
                   repair_it);
  if (!overlapping.empty())
    findings.fault("overlap", name, "other tensors have bytes of " + some_names(overlapping),
                   repair_it);
}

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
  const std::uint64_t length = classify_length(header, name, findings);
  classify_entries(header, name, findings);
  if (header.defect.empty()) classify_size(file, header, length, name, findings);
  if (findings.all().size() == before) findings.fault("invalid", name, error.what(), {});
}

}  // namespace safetensors::cli
