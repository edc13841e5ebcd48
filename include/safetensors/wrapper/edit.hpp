// edit_metadata: changes a file's metadata and tensor names without touching its data.
#ifndef SAFETENSORS_WRAPPER_EDIT_HPP
#define SAFETENSORS_WRAPPER_EDIT_HPP

#include <safetensors/wrapper/error.hpp>
#include <safetensors/wrapper/file.hpp>
#include <safetensors/wrapper/save_options.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace safetensors {

// How edit_metadata changed the file.
enum class EditMethod : std::uint32_t {
  Unchanged = ST_EDIT_UNCHANGED,  // the file has these entries and names already
  Clone = ST_EDIT_CLONE,          // a new file that shares the blocks of the data with the old one
  Copy = ST_EDIT_COPY,            // a new file with a copy of the data
  Overwrite = ST_EDIT_OVERWRITE,  // in place: the header was overwritten
  Insert = ST_EDIT_INSERT,        // in place: blocks were inserted before the data
};

struct Edit {
  Metadata set;                               // metadata entries to add or replace
  std::vector<std::string> remove;            // keys of metadata entries
  std::map<std::string, std::string> rename;  // tensors, from the old name to the new one
  // Changes the file itself: a crash meanwhile can leave a file with a damaged header, and
  // concurrent readers can see one.
  bool in_place = false;
};

// Replaces the file atomically, or changes it in place; st_edit_metadata has the contract. Renames
// apply at once: two names can be exchanged. Of `options`, durability, link, mode and progress
// apply. Throws Error: as File::open and Builder::save; ST_E_METADATA_NOT_FOUND and
// ST_E_TENSOR_NOT_FOUND for keys and names that the file does not have; ST_E_DUPLICATE.
inline EditMethod edit_metadata(const std::filesystem::path& path, const Edit& edit,
                                const SaveOptions& options = {}) {
  const auto set = detail::c_entries(edit.set), rename = detail::c_entries(edit.rename);
  std::vector<st_metadata_entry> remove;
  for (const std::string& key : edit.remove)
    remove.push_back(detail::c_entry(key, {}));
  st_edit c_edit = ST_EDIT_INIT;
  c_edit.in_place = edit.in_place;
  c_edit.set = set.data();
  c_edit.set_count = set.size();
  c_edit.remove = remove.data();
  c_edit.remove_count = remove.size();
  c_edit.rename = rename.data();
  c_edit.rename_count = rename.size();

  detail::ProgressCall progress(options.progress);
  st_save_options c_options = detail::c_options(options);
  progress.attach(&c_options);

  std::uint32_t method = 0;
  st_error error = ST_ERROR_INIT;
  progress.check(st_edit_metadata(detail::c_path(path), &c_edit, &c_options, &method, &error),
                 error);
  return static_cast<EditMethod>(method);
}

}  // namespace safetensors

#endif
