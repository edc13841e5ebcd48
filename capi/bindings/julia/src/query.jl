# Queries of a file's header.

"""
    Safetensors.TensorInfo

A tensor's entry in the header: `name`, `dtype` (a symbol, `:F32`), `shape` (a vector of extents), `nbytes`
and `file_offset`, the zero-based offset of its data in the file. `eltype(info)` is the Julia type
of its elements, `size(info)` its shape as a tuple.
"""
struct TensorInfo
    name::String
    dtype::Symbol
    shape::Vector{Int}
    nbytes::Int
    file_offset::Int
end

function TensorInfo(info::CTensorInfo)
    extents = unsafe_wrap(Array, info.shape, Int(info.rank))
    all(extent -> extent <= typemax(Int), extents) ||
        throw(SafetensorsError(ST_E_UNSUPPORTED, "an extent exceeds 2^63 - 1"))
    name = unsafe_string(info.name, info.name_len)
    return TensorInfo(name, dtype_symbol(info.dtype), Int.(extents), info.nbytes, info.file_offset)
end

Base.size(info::TensorInfo) = Tuple(info.shape)
Base.eltype(info::TensorInfo) = haskey(ELEMENT_TYPES, info.dtype) ? ELEMENT_TYPES[info.dtype] : Packed
Base.:(==)(a::TensorInfo, b::TensorInfo) =
    all(field -> getfield(a, field) == getfield(b, field), fieldnames(TensorInfo))
Base.show(io::IO, info::TensorInfo) =
    print(io, info.name, " ", info.dtype, " ", info.shape, " ", info.nbytes, " bytes")

"""
    Safetensors.info(file, name) -> TensorInfo
    Safetensors.info(file, index; order = :file) -> TensorInfo

The header's entry of a tensor, by name or by one-based index in the order `:file` (by offset) or `:name`.
"""
function info(file::File, name::AbstractString)
    text = String(name)
    return described() do found, error
        use(file.handle) do pointer
            check(st_file_find_tensor(pointer, text, sizeof(text), found, error), error)
            TensorInfo(found[])
        end
    end
end

function info(file::File, index::Integer; order = :file)
    chosen = option(ORDERS, "order", order)
    return described() do found, error
        use(file.handle) do pointer
            check(st_file_tensor_at(pointer, chosen, zero_based(index), found, error), error)
            TensorInfo(found[])
        end
    end
end

described(f) = f(Ref(initial(CTensorInfo)), new_error())

# Index 0 wraps to the largest number, which is out of range.
zero_based(index::Integer) = (index - 1) % UInt64

"""
    Safetensors.infos(file; order = :file) -> Vector{TensorInfo}

The header's entries of all tensors.
"""
infos(file::File; order = :file) = [info(file, i; order = order) for i in 1:length(file)]

"""
    names(file; order = :file) -> Vector{String}

The names of the tensors in the order `:file` (by offset) or `:name`.
"""
Base.names(file::File; order = :file) = String[entry.name for entry in infos(file; order = order)]

Base.keys(file::File) = names(file)
Base.length(file::File) = Int(use(st_file_tensor_count, file.handle))
Base.isempty(file::File) = length(file) == 0

function Base.haskey(file::File, name::AbstractString)
    text = String(name)
    pointer = acquire(file.handle)
    found = st_file_has_tensor(pointer, text, sizeof(text))
    release(file.handle)
    return found != 0
end

Base.haskey(::File, _) = false

"Size of the file in bytes."
Base.filesize(file::File) = Int(use(st_file_size, file.handle))

"""
    Safetensors.data_offset(file) -> Int

Offset of the tensor data: the size of the header and of the 8 bytes before it; 0 for a set of several files.
"""
data_offset(file::File) = Int(use(st_file_data_offset, file.handle))

"""
    Safetensors.is_mapped(file) -> Bool

Whether the file is mapped, so that arrays from it are pages of the file.
"""
is_mapped(file::File) = use(st_file_is_mapped, file.handle) != 0

"""
    Safetensors.Identity

Tells whether two handles refer to the same file: `device`, `inode` (0 for memory and IO), `nbytes`, and
`header_nbytes`.
"""
struct Identity
    device::UInt64
    inode::UInt64
    nbytes::Int
    header_nbytes::Int
end

"""
    Safetensors.file_identity(file) -> Identity

The identity of the file, as it was opened.
"""
function file_identity(file::File)
    identity = Ref(initial(CIdentity))
    error = new_error()
    use(file.handle) do pointer
        check(st_file_identity(pointer, identity, error), error)
    end
    found = identity[]
    return Identity(found.device, found.inode, found.nbytes, found.header_nbytes)
end

"""
    Safetensors.verify_unchanged(file)

Throws `ST_E_TRUNCATED` or `ST_E_CHANGED` if the file's size or modification time differs from when it was
opened.
"""
function verify_unchanged(file::File)
    error = new_error()
    return use(file.handle) do pointer
        check(st_file_verify_unchanged(pointer, error), error)
    end
end

"""
    Safetensors.is_replaced(file) -> Bool

Whether another file has taken the path from which `file` was opened: a server calls it at intervals, and opens
the path again. A path that names nothing has not been taken. Of a set, the index and every shard count. `false`
for a file without a path.
"""
function is_replaced(file::File)
    replaced = Ref{Int32}(0)
    error = new_error()
    use(file.handle) do pointer
        check(st_file_is_replaced(pointer, replaced, error), error)
    end
    return replaced[] != 0
end
