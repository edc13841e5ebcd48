// An open file: the source of its bytes and its header.
#pragma once

#include <cstdint>
#include <memory>

#include "format/header.h"
#include "format/header_parse.h"
#include "io/source.h"

namespace st {

struct HeaderOptions {
  std::uint64_t max_size = max_header_size;  // bytes of JSON
  Strictness strictness = Strictness::compatible;
};

struct File {
  std::shared_ptr<const Source> source;
  std::shared_ptr<const Header> header;

  Bytes get(const TensorEntry& tensor) const {
    return source->get(header->file_offset(tensor), tensor.nbytes());
  }
};

// Reads and checks the header. Nothing is allocated before its length is known to fit the file.
File open_file(std::shared_ptr<const Source> source, const HeaderOptions& options);

}  // namespace st
