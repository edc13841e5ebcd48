# Saving files and sets.

# Calls `f(structs, count, options, error)` while everything that these point to is alive.
function with_tensors(f::F, tensors, options::SaveOptions) where {F}
    saved = save_tensors(tensors)
    array = structs(saved)
    error = new_error()
    return GC.@preserve saved array options begin
        with_callbacks() do
            check(f(pointer(array), length(array), options.value, error), error)
        end
    end
end

"""
    Safetensors.save(path, tensors; options...)
    Safetensors.save(io::IO, tensors; options...)

Writes tensors to a file, which is replaced atomically, or in order to an IO. `tensors` is a dictionary, a
`NamedTuple`, an open `Safetensors.File` or any collection of pairs of a name and an array, a `Safetensors.Tensor`,
`Packed` or `Filled`. Index `[i, j]` of an array becomes index [i, j] of the tensor. Vectors and arrays from
`Safetensors.row_major` are written without a copy, other arrays are copied one at a time.

Options: `metadata` (a dictionary of strings), `metadata_form` (`:absent`, `:null`, `:object`: that of a file without
metadata), `durability` (`:none`, `:fsync`), `mode` (`:inherit`, `:umask`, or permission bits such as `0o640`),
`link` (`:replace`, `:follow`), `alignment` of the data in bytes, and `progress`, a function of the bytes written
and their total. An exception that it throws cancels the save.
"""
function save(path::AbstractString, tensors; options...)
    with_tensors(tensors, SaveOptions(; options...)) do array, count, chosen, error
        st_save(path, array, count, chosen, error)
    end
end

function save(io::IO, tensors; options...)
    sink = UserData(write_to(io))
    GC.@preserve sink with_tensors(tensors, SaveOptions(; options...)) do array, count, chosen, error
        st_save_io(write_function(), pointer_from_objref(sink), array, count, chosen, error)
    end
end

"""
    Safetensors.save_size(tensors; options...) -> Int

Size in bytes of the file that `save` would write.
"""
function save_size(tensors; options...)
    nbytes = Ref{UInt64}(0)
    with_tensors(tensors, SaveOptions(; options...)) do array, count, chosen, error
        st_save_size(array, count, chosen, nbytes, error)
    end
    return Int(nbytes[])
end

"""
    Safetensors.save_memory(tensors; options...) -> Vector{UInt8}

The bytes of the file that `save` would write.
"""
function save_memory(tensors; options...)
    buffer = Vector{UInt8}(undef, save_size(tensors; options...))
    save_memory!(buffer, tensors; options...)
    return buffer
end

"""
    Safetensors.save_memory!(buffer::Vector{UInt8}, tensors; options...) -> Int

Writes the bytes of the file into the buffer and returns their number. Throws `ST_E_BUFFER_TOO_SMALL` before it writes
anything.
"""
function save_memory!(buffer::Vector{UInt8}, tensors; options...)
    nbytes = Ref{UInt64}(0)
    GC.@preserve buffer with_tensors(tensors, SaveOptions(; options...)) do array, count, chosen, error
        st_save_memory(array, count, chosen, pointer(buffer), length(buffer), nbytes, error)
    end
    return Int(nbytes[])
end

"""
    Safetensors.save_set(directory, tensors; options...)

Writes tensors as a set: shards and an index, or one file if one shard holds all. The set is published when it is
complete. Arrays that share their memory get into the same shard.

Options: those of `save`, and `max_shard_size` in bytes, `split` (`:hub`, `:balanced`), `index_format` (`:hub`,
`:sorted`), `stem` (`"model"`), `variant` (such as `"fp16"`), `index_metadata` (a dictionary of strings) and
`total_parameters`.
"""
function save_set(directory::AbstractString, tensors; options...)
    set, chosen = set_and_save_options(options)
    GC.@preserve set with_tensors(tensors, chosen) do array, count, save_options, error
        st_save_set(directory, array, count, set.value, save_options, error)
    end
end

"""
    Safetensors.consolidate(source_directory, directory; options...)

Joins a checkpoint in which each file has parts of tensors, as torch.distributed.checkpoint writes it, to a set
in `directory`. Options: as `save_set`.
"""
function consolidate(source_directory::AbstractString, directory::AbstractString; options...)
    set, chosen = set_and_save_options(options)
    error = new_error()
    GC.@preserve set chosen with_callbacks() do
        check(st_consolidate(source_directory, directory, set.value, chosen.value, error), error)
    end
end
