# The metadata of a file's header.

"""
    Safetensors.metadata(file) -> Dict{String,String}
    Safetensors.metadata(file, key) -> String
    Safetensors.metadata(file, key, default)

The metadata of the header, or the value of one key: without it, `default`, or `ST_E_METADATA_NOT_FOUND`.
"""
function metadata(file::File)
    entry = Ref(initial(CMetadataEntry))
    error = new_error()
    return use(file.handle) do pointer
        entries = Dict{String,String}()
        for i in 1:st_file_metadata_count(pointer)
            check(st_file_metadata_at(pointer, zero_based(i), entry, error), error)
            found = entry[]
            key = unsafe_string(found.key, found.key_len)
            entries[key] = unsafe_string(found.value, found.value_len)
        end
        entries
    end
end

function metadata(file::File, key::AbstractString)
    error = new_error()
    value = find_metadata(file, key, error)
    value === nothing && throw_failure(error)
    return value
end

function metadata(file::File, key::AbstractString, default)
    value = find_metadata(file, key, C_NULL)
    return value === nothing ? default : value
end

function find_metadata(file::File, key::AbstractString, error)
    text = String(key)
    value = Ref{Ptr{UInt8}}(C_NULL)
    nbytes = Ref{UInt64}(0)
    return use(file.handle) do pointer
        status = st_file_find_metadata(pointer, text, sizeof(text), value, nbytes, error)
        status == ST_OK ? unsafe_string(value[], nbytes[]) : nothing
    end
end

"""
    Safetensors.metadata_form(file) -> Symbol

The form of the header's `__metadata__`: `:absent`, `:null` or `:object`. Pass it to `save` as `metadata_form` to
write a copy with the same bytes.
"""
metadata_form(file::File) = option_symbol(METADATA_FORMS, use(st_file_metadata_form, file.handle))

"""
    Safetensors.metadata_range(file, key) -> (file_offset, nbytes)

Byte range of a metadata value in the file, zero-based: the characters of the JSON string between its quotes.
"""
function metadata_range(file::File, key::AbstractString)
    text = String(key)
    offset = Ref{UInt64}(0)
    nbytes = Ref{UInt64}(0)
    error = new_error()
    reading(file) do pointer
        check(st_file_metadata_range(pointer, text, sizeof(text), offset, nbytes, error), error)
    end
    return Int(offset[]), Int(nbytes[])
end

"""
    Safetensors.index_metadata(file) -> Union{String,Nothing}

The "metadata" of a set's index as JSON; `nothing` if the index has none, or the set no index.
"""
function index_metadata(file::File)
    text = Ref{Ptr{UInt8}}(C_NULL)
    nbytes = Ref{UInt64}(0)
    error = new_error()
    return use(file.handle) do pointer
        status = st_file_index_metadata(pointer, text, nbytes, error)
        status == ST_E_METADATA_NOT_FOUND && return nothing
        check(status, error)
        unsafe_string(text[], nbytes[])
    end
end
