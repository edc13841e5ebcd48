# Changes of a file's metadata and tensor names.

"""
    Safetensors.edit_metadata(path; set = (), remove = (), rename = (), in_place = false, options...) -> Symbol

Changes metadata entries and tensor names of a file and keeps its data. `set` are pairs of keys and values to
add or replace, `remove` keys, `rename` pairs of old and new tensor names. The file is replaced atomically, or
changed itself if `in_place`. Returns how: `:unchanged`, `:clone`, `:copy`, `:overwrite` or `:insert`. Options:
`durability`, `link`, `mode` and `progress`, as `Safetensors.save`.
"""
function edit_metadata(
    path::AbstractString; set = (), remove = (), rename = (), in_place::Bool = false, options...,
)
    chosen = SaveOptions(; options...)
    changed, renamed = Entries(set), Entries(rename)
    removed = Entries(key => "" for key in remove)
    # Removed entries have no value.
    for (i, entry) in enumerate(removed.structs)
        removed.structs[i] = CMetadataEntry(entry.size, 0, entry.key, entry.key_len, Ptr{UInt8}(0), 0)
    end
    edit = Ref(CEdit(
        sizeof(CEdit), in_place,
        entries_pointer(changed), length(changed),
        entries_pointer(removed), length(removed),
        entries_pointer(renamed), length(renamed),
    ))
    method = Ref{UInt32}(0)
    error = new_error()
    GC.@preserve chosen changed removed renamed with_callbacks() do
        check(st_edit_metadata(path, edit, chosen.value, method, error), error)
    end
    return option_symbol(EDIT_METHODS, method[])
end
