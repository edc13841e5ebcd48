// st_edit_metadata.
#include "edit.h"

#include <safetensors/safetensors.h>

#include "guard.h"
#include "save_request.h"
#include "structs.h"

namespace {

using capi::require;
using capi::text_of;

// Calls `add(key, value)` for each entry of the caller's array.
template <class Add>
void for_each_entry(const st_metadata_entry* first, uint64_t count, Add add) {
  const capi::StructArray<st_metadata_entry> entries(first, count);
  for (uint64_t i = 0; i < entries.size(); ++i) {
    const st_metadata_entry entry = entries[i];
    require(entry.reserved == 0, "st_metadata_entry.reserved is not 0");
    add(text_of(entry.key, entry.key_len, "a key of the edit"),
        text_of(entry.value, entry.value_len, "a value of the edit"));
  }
}

st::HeaderEdit edit_of(const st_edit& given) {
  st::HeaderEdit edit;
  for_each_entry(given.set, given.set_count, [&](std::string_view key, std::string_view value) {
    edit.set.push_back({key, value});
  });
  for_each_entry(given.remove, given.remove_count,
                 [&](std::string_view key, std::string_view value) {
                   require(value.data() == nullptr, "st_edit.remove has a value, expected NULL");
                   edit.remove.push_back(key);
                 });
  for_each_entry(given.rename, given.rename_count, [&](std::string_view from, std::string_view to) {
    edit.rename.push_back({from, to});
  });
  return edit;
}

}  // namespace

st_status st_edit_metadata(const char* path, const st_edit* edit, const st_save_options* options,
                           uint32_t* method, st_error* error) {
  const auto clear = [&] {
    if (method) *method = 0;
  };
  return capi::guard(error, clear, [&] {
    require(path != nullptr, "path is NULL");
    require(edit != nullptr, "edit is NULL");
    const auto given = capi::read_struct<st_edit>(edit);
    require(given.in_place <= 1, "st_edit.in_place is neither 0 nor 1");
    const st::HeaderEdit changes = edit_of(given);
    const auto saving = capi::save_options_of(options);
    require(saving.metadata.empty(), "the metadata of an edit is in st_edit, not in the options");
    const st::EditMethod used =
        given.in_place
            ? st::edit_file_in_place(path, changes, saving.file.durability, saving.progress)
            : st::edit_file(path, changes, saving.file, saving.progress);
    if (method) *method = static_cast<uint32_t>(used);
  });
}
