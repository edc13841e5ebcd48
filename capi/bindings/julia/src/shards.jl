# The files of a set, and where tensors are in them.

"""
    Safetensors.Shard

A file of a set: its `path` (empty for memory, IO and descriptors), `first_offset`, the zero-based file offset
of its first byte in the set, `nbytes`, and `tensor_count`.
"""
struct Shard
    path::String
    first_offset::Int
    nbytes::Int
    tensor_count::Int
end

"""
    Safetensors.shards(file) -> Vector{Shard}

The files of a set, in the order of the paths' bytes; one for a file that is not a set.
"""
function shards(file::File)
    shard = Ref(initial(CShard))
    error = new_error()
    return use(file.handle) do pointer
        map(1:Int(st_shard_count(pointer))) do i
            check(st_shard_at(pointer, zero_based(i), shard, error), error)
            found = shard[]
            Shard(unsafe_string(found.path), found.first_offset, found.nbytes, found.tensor_count)
        end
    end
end

"""
    Safetensors.Location

Where a tensor's bytes are, for programs that read them with I/O of their own: `fd`, the library's descriptor,
open until the file is closed, or `nothing`; `shard`, the one-based index in `shards(file)`; its `path`;
the zero-based `file_offset` in the shard; and `nbytes`.
"""
struct Location
    fd::Union{RawFD,Nothing}
    shard::Int
    path::String
    file_offset::Int
    nbytes::Int
end

"""
    Safetensors.location(file, name) -> Location

The location of a tensor.
"""
function location(file::File, name::AbstractString)
    text = String(name)
    place = Ref(initial(CLocation))
    error = new_error()
    return use(file.handle) do pointer
        check(st_tensor_location(pointer, text, sizeof(text), place, error), error)
        found = place[]
        fd = found.fd < 0 ? nothing : RawFD(found.fd)
        Location(fd, found.shard + 1, unsafe_string(found.path), found.file_offset, found.nbytes)
    end
end
