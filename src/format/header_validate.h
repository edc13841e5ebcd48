// What a header says -> a header that is true of its file. Pure: no bytes are read.
#pragma once

#include <cstdint>
#include <memory>

#include "format/header.h"
#include "format/header_parse.h"

namespace st {

// Checks that the tensors, in order of their offsets, cover `file_size - data_offset` bytes without
// hole or overlap and that every size is what dtype and shape say. Of two tensors of one name the
// later in the text is judged, as the reference does; only then is the pair refused. Throws
// Code::offset, overflow, subbyte, size_mismatch, coverage or duplicate.
std::shared_ptr<const Header> validate_header(ParsedHeader parsed, std::uint64_t data_offset,
                                              std::uint64_t file_size);

}  // namespace st
