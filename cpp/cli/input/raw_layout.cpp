#include "cli/input/raw_layout.h"

#include <algorithm>

#include "cli/input/text_copy.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

// Whether there are bytes and all of them, of which at most 4096 are read, are `byte`.
bool are_all(const RawFile& file, std::uint64_t begin, std::uint64_t nbytes, char byte) {
  constexpr std::uint64_t longest = 4096;
  const std::string bytes =
      file.text_at(begin, static_cast<std::size_t>(std::min(nbytes, longest)));
  return !bytes.empty() && bytes.find_first_not_of(byte) == std::string::npos;
}

// Whether the header length may be wrong although the header is valid and bytes are left after the
// data: bytes of its padding may follow the header, or bytes of the data may be in the padding.
bool is_doubtful(const RawFile& file, const RawHeader& header, std::uint64_t trailing) {
  constexpr std::uint64_t alignment = 8;
  const std::uint64_t begin = 8 + header.length, unpadded = (alignment - begin % alignment) % 8;
  if (are_all(file, begin, trailing, ' ')) return true;
  if (unpadded == 0) return false;
  return header.length > header.json_length || are_all(file, begin, unpadded, ' ') ||
         are_all(file, begin, unpadded, '\0');
}

// The length of a header that is padded with spaces to a multiple of 8, as far as the size of the
// file gives it. Nothing if data that begins with spaces, and bytes after the data, may be the
// reason that the size fits.
std::optional<std::uint64_t> find_padded_length(const RawFile& file, const RawHeader& header) {
  constexpr std::uint64_t alignment = 8, longest_padding = 4096;
  const std::uint64_t data = header.data_end(), before = 8 + header.json_length;
  if (header.file_size < before + data) return std::nullopt;
  const std::uint64_t length = header.file_size - 8 - data;
  const std::uint64_t padding = length - header.json_length;
  if (length % alignment != 0 || length > longest_header || padding == 0 ||
      padding > longest_padding || !are_all(file, before, padding, ' '))
    return std::nullopt;
  const bool is_doubtful =
      are_all(file, 8 + length, 1, ' ') || are_all(file, header.file_size - padding, padding, '\0');
  return is_doubtful ? std::nullopt : std::optional(length);
}

// Decides where the data begins: after the header length of the file, or after the JSON text if the
// length cannot be right and the size of the file confirms the other one. The data has no marks of
// its own, so that two lengths that are both possible are a choice.
std::optional<std::uint64_t> find_header_length(const RawFile& file, const RawHeader& header) {
  const std::uint64_t length = header.length, json_length = header.json_length;
  const std::uint64_t size = header.file_size, data = header.data_end();
  const auto fits_exactly = [&](std::uint64_t candidate) { return 8 + candidate + data == size; };
  // Data that begins with a space may be padding.
  const bool is_padded = are_all(file, 8 + json_length, 1, ' ');
  const bool is_nul_padded = are_all(file, 8 + json_length, 1, '\0');
  const bool is_json_length = fits_exactly(json_length) && !is_padded;
  const bool is_possible = length >= json_length && length <= longest_header && length <= size - 8;
  const bool is_truncated = 8 + json_length + data > size;  // with every length
  if (is_truncated) return is_possible ? length : json_length;
  if (!is_possible)
    return is_json_length ? std::optional(json_length) : find_padded_length(file, header);

  // A header length that is too large puts data into the header, and a tool that pads the file may
  // make up for it with NUL bytes. Writers that pad the header with NUL bytes align the data, and
  // write no spaces before them.
  const bool is_confirmed = fits_exactly(length) && !are_all(file, size - 1, 1, '\0');
  if (header.padding == Padding::Other) {
    if (is_confirmed && !is_padded && !is_nul_padded) return length;
    return is_json_length ? std::optional(json_length) : find_padded_length(file, header);
  }
  if (header.padding == Padding::Nul) {
    const bool is_right = (is_confirmed && !is_padded) || (fits_exactly(length) && length % 8 == 0);
    return is_right ? std::optional(length) : find_padded_length(file, header);
  }
  if (fits_exactly(length)) return length;
  const std::uint64_t end = 8 + length + data;
  if (end < size && is_doubtful(file, header, size - end)) return std::nullopt;
  return length;
}

// Why the offsets may be wrong: a tensor has a part of the bytes of another one, and other bytes
// belong to no tensor. Tensors that share all of their bytes are tied.
std::string find_partial_overlap(const RawHeader& header, std::uint64_t trailing) {
  std::uint64_t at = 0, unused = trailing;
  const RawEntry* before = nullptr;
  const RawEntry* overlapping = nullptr;
  for (const RawEntry& entry : header.entries) {
    if (entry.begin == entry.end) continue;
    const bool is_tied = before && entry.begin == before->begin && entry.end == before->end;
    if (entry.begin < at && !is_tied) overlapping = &entry;
    if (entry.begin > at) unused += entry.begin - at;
    at = std::max(at, entry.end);
    before = &entry;
  }
  if (!overlapping || unused == 0) return {};
  return "tensor " + quote(overlapping->name) + " has a part of the bytes of another one, and " +
         counted(unused, "byte") + " belong to no tensor: its data_offsets may be wrong";
}

std::string find_obstacle(const RawHeader& header, const RawLayout& layout) {
  if (!header.defect.empty()) return header.defect;
  if (!layout.header_length)
    return "the header length is " + grouped(header.length) + ", the JSON text has " +
           counted(header.json_length, "byte") +
           ", and the size of the file does not tell where the data begins";
  if (layout.is_text_copy) return "it was copied as text, which changed its data";
  for (const RawEntry& entry : header.entries) {
    if (!entry.dtype)
      return "tensor " + quote(entry.name) + " has the unknown dtype " + quote(entry.dtype_text);
    if (entry.nbytes() != entry.end - entry.begin)
      return "dtype and shape of tensor " + quote(entry.name) + " do not match its " +
             counted(entry.end - entry.begin, "byte");
  }
  if (layout.missing > 0)
    return grouped(layout.missing) + " of " + counted(header.file_size + layout.missing, "byte") +
           " are missing at the end";
  if (!header.conflicting_names.empty())
    return "two different tensors have the name " + quote(header.conflicting_names[0]);
  if (!header.conflicting_keys.empty())
    return "the metadata key " + quote(header.conflicting_keys[0]) + " has more than one value";
  return find_partial_overlap(header, layout.trailing);
}

}  // namespace

RawLayout find_layout(const RawFile& file, const RawHeader& header) {
  RawLayout layout;
  layout.header_length = find_header_length(file, header);
  if (layout.header_length) {
    const std::uint64_t end = 8 + *layout.header_length + header.data_end();
    layout.missing = end > header.file_size ? end - header.file_size : 0;
    layout.trailing = end < header.file_size ? header.file_size - end : 0;
    layout.is_text_copy = is_text_copy(file, 8 + *layout.header_length, layout.trailing);
  }
  layout.obstacle = find_obstacle(header, layout);
  return layout;
}

}  // namespace safetensors::cli
