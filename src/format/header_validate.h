// Checks a parsed header against the size of its file.
#pragma once

#include <cstdint>
#include <memory>

#include "format/header.h"
#include "format/header_parse.h"

namespace st {

// Checks that the tensors, sorted by offset, cover `file_size - data_offset` bytes without gap or
// overlap, and that every size is that of dtype and shape. Of duplicate tensor names the last is
// validated, as the reference does; the duplicate is rejected after all other checks. Throws
// Code::offset, overflow, subbyte, size_mismatch, coverage or duplicate.
std::shared_ptr<const Header> validate_header(ParsedHeader parsed, std::uint64_t data_offset,
                                              std::uint64_t file_size);

}  // namespace st
