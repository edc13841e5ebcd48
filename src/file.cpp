#include "file.h"

#include <cstring>
#include <utility>

#include "error.h"
#include "format/header_validate.h"
#include "io/platform.h"

namespace st {
namespace {

constexpr std::uint64_t length_size = 8;

std::uint64_t read_header_length(const Source& source, const HeaderOptions& options) {
  const std::uint64_t file_size = source.size();
  if (file_size < length_size) {
    throw Error(Code::header_too_small,
                Message() << "the file has " << file_size
                          << " bytes, the length of its header alone takes 8",
                file_size);
  }
  unsigned char bytes[length_size];
  source.read_at(0, bytes, length_size);
  std::uint64_t length = 0;
  for (std::size_t i = length_size; i-- > 0;)
    length = length << 8 | bytes[i];

  if (length > options.max_size) {
    throw Error(Code::header_too_large,
                Message() << "the header's length is given as " << length << " bytes, at most "
                          << options.max_size << " are allowed",
                0);
  }
  if (length > file_size - length_size) {
    throw Error(Code::header_length,
                Message() << "the header's length is given as " << length << " bytes, the file has "
                          << file_size - length_size << " after it",
                0);
  }
  return length;
}

}  // namespace

File open_file(std::shared_ptr<const Source> source, const HeaderOptions& options) {
  const std::uint64_t length = read_header_length(*source, options);
  const auto count = static_cast<std::size_t>(length);
  // Private memory: mapped or borrowed bytes could change while they are parsed.
  const Bytes block = allocate_bytes(length + parse_padding);
  auto* const text = reinterpret_cast<char*>(block.writable);
  source->read_at(length_size, text, length);
  std::memset(text + count, ' ', parse_padding);

  ParsedHeader parsed = parse_header({text, count}, options.strictness, length_size);
  auto header = validate_header(std::move(parsed), length_size + length, source->size());
  return {std::move(source), std::move(header)};
}

}  // namespace st
