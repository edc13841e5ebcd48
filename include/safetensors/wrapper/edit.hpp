// edit_metadata: changes a file's metadata and tensor names without touching its data.
#ifndef SAFETENSORS_WRAPPER_EDIT_HPP
#define SAFETENSORS_WRAPPER_EDIT_HPP

#include <safetensors/wrapper/error.hpp>
#include <safetensors/wrapper/file.hpp>
#include <safetensors/wrapper/save_options.hpp>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
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

namespace detail {

inline st_metadata_entry edit_entry(std::string_view key, std::string_view value) {
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  entry.key = key.data();
  entry.key_len = key.size();
  entry.value = value.data();
  entry.value_len = value.size();
  return entry;
}

// The progress callback of one call, and the exception that it threw.
struct EditProgress {
  const Progress& progress;
  std::exception_ptr thrown;

  static std::int32_t call(void* self, std::uint64_t done, std::uint64_t total) {
    auto* edit = static_cast<EditProgress*>(self);
    try {
      return edit->progress(done, total) ? 0 : -1;
    }
    SAFETENSORS_RETHROW_FORCED_UNWIND catch (...) {
      edit->thrown = std::current_exception();
      return -1;
    }
  }
};

}  // namespace detail

// Replaces the file atomically, or changes it in place; st_edit_metadata has the contract. Renames
// apply at once: two names can be exchanged. Of `options`, durability, link, mode and progress
// apply. Throws Error: as File::open and Builder::save; ST_E_METADATA_NOT_FOUND and
// ST_E_TENSOR_NOT_FOUND for keys and names that the file does not have; ST_E_DUPLICATE.
inline EditMethod edit_metadata(const std::filesystem::path& path, const Edit& edit,
                                const SaveOptions& options = {}) {
  std::vector<st_metadata_entry> set, remove, rename;
  for (const auto& [key, value] : edit.set)
    set.push_back(detail::edit_entry(key, value));
  for (const std::string& key : edit.remove)
    remove.push_back(detail::edit_entry(key, {}));
  for (const auto& [from, to] : edit.rename)
    rename.push_back(detail::edit_entry(from, to));
  st_edit c_edit = ST_EDIT_INIT;
  c_edit.in_place = edit.in_place;
  c_edit.set = set.data();
  c_edit.set_count = set.size();
  c_edit.remove = remove.data();
  c_edit.remove_count = remove.size();
  c_edit.rename = rename.data();
  c_edit.rename_count = rename.size();

  detail::EditProgress progress{options.progress, nullptr};
  st_save_options c_options = detail::c_options(options);
  if (options.progress) c_options.progress = detail::EditProgress::call;
  c_options.progress_user_data = &progress;

  std::uint32_t method = 0;
  st_error error = ST_ERROR_INIT;
  const st_status status =
      st_edit_metadata(detail::c_path(path), &c_edit, &c_options, &method, &error);
  if (status == ST_E_CANCELLED && progress.thrown) std::rethrow_exception(progress.thrown);
  detail::check(status, error);
  return static_cast<EditMethod>(method);
}

}  // namespace safetensors

#endif
