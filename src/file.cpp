#include "file.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "error.h"
#include "format/file_kind.h"
#include "format/header_validate.h"
#include "io/platform.h"

namespace st {
namespace {

constexpr std::uint64_t length_size = 8;

// The first bytes of a file that is not valid, for messages.
class FileStart {
 public:
  explicit FileStart(const Source& source)
      : size_(static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), sizeof bytes_))) {
    source.read_at(0, bytes_, size_);
  }

  const FileKind* kind() const noexcept { return recognize_file({bytes_, size_}); }

  // Begins a message with what the file is, or else is not.
  Message message() const noexcept {
    Message message;
    if (const FileKind* const known = kind()) {
      return message << "the file is " << known->name << ", not safetensors: " << known->remedy
                     << "; ";
    }
    return message << "the file begins with "
                   << Quoted{std::string_view(bytes_, std::min(size_, shown))} << ": ";
  }

 private:
  static constexpr std::size_t shown = 20;
  char bytes_[file_start_size];
  std::size_t size_;
};

std::uint64_t read_header_length(const Source& source, const HeaderOptions& options) {
  const std::uint64_t file_size = source.size();
  if (file_size == 0) {
    throw Error(Code::header_too_small, Message() << "the file is empty", 0);
  }
  if (file_size < length_size) {
    throw Error(Code::header_too_small,
                FileStart(source).message()
                    << "it has " << file_size << " bytes, expected 8 for the header's length",
                file_size);
  }
  unsigned char bytes[length_size];
  source.read_at(0, bytes, length_size);
  std::uint64_t length = 0;
  for (std::size_t i = length_size; i-- > 0;)
    length = length << 8 | bytes[i];

  if (length > options.max_size) {
    throw Error(Code::header_too_large,
                FileStart(source).message() << "its header length would be " << length
                                            << ", expected at most " << options.max_size,
                0);
  }
  if (length > file_size - length_size) {
    throw Error(Code::header_length,
                FileStart(source).message()
                    << "its header length would be " << length << ", but only "
                    << file_size - length_size << " bytes follow: the file is truncated",
                0);
  }
  return length;
}

// Parses the header, or says which other format the file has.
ParsedHeader parse_text(const Source& source, std::span<char> text, Strictness strictness) {
  try {
    return parse_header(text, strictness, length_size);
  } catch (const Error& error) {
    if (error.code() != Code::json && error.code() != Code::utf8) throw;
    const FileStart start(source);
    if (!start.kind()) throw;
    throw Error(error.code(), start.message() << error.what(), error.position());
  }
}

}  // namespace

Bytes File::get(const TensorEntry& tensor) const {
  const std::uint64_t offset = header->file_offset(tensor);
  Bytes bytes = source->get(offset, tensor.nbytes());
  if (unaligned == Unaligned::copy &&
      reinterpret_cast<std::uintptr_t>(bytes.data) % dtype_alignment(tensor.dtype) != 0) {
    return source->copy(offset, tensor.nbytes());
  }
  return bytes;
}

File open_file(std::shared_ptr<const Source> source, const HeaderOptions& options) {
  const std::uint64_t length = read_header_length(*source, options);
  const auto count = static_cast<std::size_t>(length);
  // Private memory: mapped or borrowed bytes could change while they are parsed.
  const Bytes block = allocate_bytes(length + parse_padding);
  auto* const text = reinterpret_cast<char*>(block.writable);
  source->read_at(length_size, text, length);
  std::memset(text + count, ' ', parse_padding);

  ParsedHeader parsed = parse_text(*source, {text, count}, options.strictness);
  auto header = validate_header(std::move(parsed), length_size + length, source->size());
  return {std::move(source), std::move(header), nullptr, {}, nullptr};
}

File open_named_file(std::shared_ptr<const Source> source, const HeaderOptions& options) {
  try {
    return open_file(source, options);
  } catch (const Error& error) {
    throw Error(error.code(), Message() << error.what() << ", in " << Quoted{source->name()},
                error.position(), error.os_error());
  }
}

}  // namespace st
