# Options of the functions that write.

# Metadata entries as C structs, and the strings that they point to.
struct Entries
    strings::Vector{String}
    structs::Vector{CMetadataEntry}
end

function Entries(pairs)
    strings = String[]
    for (key, value) in pairs
        push!(strings, String(key), String(value))
    end
    structs = map(1:2:length(strings)) do i
        key, value = strings[i], strings[i + 1]
        CMetadataEntry(sizeof(CMetadataEntry), 0, pointer(key), sizeof(key), pointer(value), sizeof(value))
    end
    return Entries(strings, structs)
end

# NULL if there are no entries; else valid as long as the Entries.
entries_pointer(entries::Entries) =
    isempty(entries.structs) ? Ptr{CMetadataEntry}(0) : pointer(entries.structs)
Base.length(entries::Entries) = length(entries.structs)

# The options of a save, with what they point to.
struct SaveOptions
    value::Base.RefValue{CSaveOptions}
    metadata::Entries
    progress::Union{UserData,Nothing}
end

function SaveOptions(;
    metadata = (), metadata_form = :absent, durability = :none, mode = :inherit, link = :replace,
    alignment::Integer = 0, progress = nothing,
)
    entries = Entries(metadata)
    callback = progress === nothing ? nothing : UserData(progress)
    value = CSaveOptions(
        sizeof(CSaveOptions),
        option(DURABILITY, "durability", durability),
        option(MODES, "mode", mode),
        option(LINKS, "link", link),
        option(METADATA_FORMS, "metadata_form", metadata_form),
        0,
        alignment,
        entries_pointer(entries),
        length(entries),
        callback === nothing ? C_NULL : progress_function(),
        callback === nothing ? C_NULL : pointer_from_objref(callback),
    )
    return SaveOptions(Ref(value), entries, callback)
end

# The options of a set, with what they point to.
struct SetOptions
    value::Base.RefValue{CSetOptions}
    stem::String
    variant::String
    index_metadata::Entries
end

function SetOptions(;
    split = :hub, index_format = :hub, resume::Bool = false, max_shard_size::Integer = 0,
    stem::Union{AbstractString,Nothing} = nothing, variant::Union{AbstractString,Nothing} = nothing,
    index_metadata = (), total_parameters::Integer = 0,
)
    entries = Entries(index_metadata)
    stem_text, variant_text = String(something(stem, "")), String(something(variant, ""))
    value = CSetOptions(
        sizeof(CSetOptions),
        option(SPLITS, "split", split),
        option(INDEX_FORMATS, "index_format", index_format),
        resume,
        max_shard_size,
        stem === nothing ? C_NULL : pointer(stem_text),
        sizeof(stem_text),
        variant === nothing ? C_NULL : pointer(variant_text),
        sizeof(variant_text),
        entries_pointer(entries),
        length(entries),
        total_parameters,
    )
    return SetOptions(Ref(value), stem_text, variant_text, entries)
end

const SET_OPTIONS = (
    :split, :index_format, :resume, :max_shard_size, :stem, :variant, :index_metadata, :total_parameters,
)

# SetOptions and SaveOptions of keyword arguments for both.
function set_and_save_options(options)
    of_set = Pair{Symbol,Any}[name => value for (name, value) in options if name in SET_OPTIONS]
    of_save = Pair{Symbol,Any}[name => value for (name, value) in options if !(name in SET_OPTIONS)]
    return SetOptions(; of_set...), SaveOptions(; of_save...)
end
