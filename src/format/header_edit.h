// Applies changes of metadata and tensor names to a header.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "format/header.h"
#include "format/header_write.h"

namespace st {

struct Rename {
  std::string_view from;
  std::string_view to;
};

// The views stay valid while the edit is applied.
struct HeaderEdit {
  std::vector<MetadataEntry> set;  // added or replaced
  std::vector<std::string_view> remove;
  std::vector<Rename> rename;  // all at once: two names can be exchanged
};

// The content of the new header. Its views are those of the header and of the edit.
struct EditedHeader {
  std::vector<std::string_view> names;  // of the header's tensors, in their order
  std::vector<MetadataEntry> metadata;  // by key
  MetadataForm empty_metadata;          // the form to write for no entries
  bool changed;                         // whether names or metadata differ from the header's
};

// An object of metadata that loses its last entry is left out; one that had none stays. Throws
// Code::metadata_not_found, tensor_not_found, duplicate (a name, or two changes of one key or
// tensor), utf8, or invalid_argument for the name "__metadata__".
EditedHeader apply_edit(const Header& header, const HeaderEdit& edit);

// The text of the new header, with the data offsets of the old one.
HeaderWriter write_edited(const Header& header, const EditedHeader& edited);

}  // namespace st
