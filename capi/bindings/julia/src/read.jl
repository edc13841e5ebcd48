# Reading tensors and slices into memory of the program.

# The TensorArray or Array whose memory is the elements of `array` in row-major order, or nothing.
row_major_memory(array::DenseArray) = ndims(array) < 2 ? array : nothing
row_major_memory(::AbstractArray) = nothing

function row_major_memory(array::PermutedDimsArray{T,N,permutation}) where {T,N,permutation}
    reverses = permutation == ntuple(d -> N + 1 - d, Val(N))
    return reverses && parent(array) isa DenseArray ? parent(array) : nothing
end

# An uninitialized array, and its memory in row-major order.
function row_major_buffer(::Type{T}, shape) where {T}
    memory = Array{stored(T)}(undef, reverse(Tuple(shape)))
    return memory, row_major(memory)
end

# A column-major Array of a row-major buffer. Bytes of a file can be other Bools than 0 and 1.
own_memory(::Type{T}, buffer::Array{T}) where {T} = buffer
own_memory(::Type{T}, buffer::PermutedDimsArray{T,N}) where {T,N} =
    permutedims(parent(buffer), ntuple(d -> N + 1 - d, Val(N)))
own_memory(::Type{Bool}, buffer::AbstractArray{UInt8}) = Array{Bool}(buffer .!= 0)

function read_type(entry::TensorInfo)
    T = eltype(entry)
    T === Packed || length(entry.shape) > MAXIMUM_RANK || return T
    throw(SafetensorsError(
        ST_E_UNSUPPORTED,
        "no Julia array can have a tensor of dtype $(entry.dtype) and rank $(length(entry.shape))",
    ))
end

"""
    Safetensors.read_tensor(file, name) -> Array

The tensor in an `Array` of the program's own: index `[i, j]` is index [i, j] of the tensor.
"""
function read_tensor(file::File, name::AbstractString)
    entry = info(file, name)
    return read_as(read_type(entry), file, name, entry.shape)
end

function read_as(::Type{T}, file::File, name::AbstractString, shape) where {T}
    memory, buffer = row_major_buffer(T, shape)
    read_bytes(file, name, memory)
    return own_memory(T, buffer)
end

"""
    Safetensors.read_tensor!(array, file, name) -> array

Reads the tensor into `array`, which has its shape and element type. A vector, and a `PermutedDimsArray` that
reverses the dimensions of an `Array` (see `Safetensors.row_major`), are read into directly; others through a buffer.
"""
function read_tensor!(target::AbstractArray{T}, file::File, name::AbstractString) where {T}
    entry = info(file, name)
    read_type(entry) == T && entry.shape == collect(size(target)) ||
        throw(DimensionMismatch("the tensor is $entry, the array has elements of type $T and size $(size(target))"))
    memory = T === Bool ? nothing : row_major_memory(target)
    if memory isa Array
        read_bytes(file, name, memory)
    else
        copyto!(target, read_as(T, file, name, entry.shape))
    end
    return target
end

"""
    Safetensors.read_bytes!(buffer::Array, file, name) -> buffer

Reads the tensor's bytes, of any dtype, into the first bytes of the buffer, in row-major order. Throws
`ST_E_BUFFER_TOO_SMALL` if it is smaller.
"""
read_bytes!(buffer::Array, file::File, name::AbstractString) = read_bytes(file, name, buffer)

function read_bytes(file::File, name::AbstractString, buffer::Array)
    isbitstype(eltype(buffer)) || throw(ArgumentError("the buffer has elements of type $(eltype(buffer))"))
    text = String(name)
    error = new_error()
    GC.@preserve buffer reading(file) do pointer
        check(st_read_tensor(pointer, text, sizeof(text), pointer_of(buffer), sizeof(buffer), error), error)
    end
    return buffer
end

pointer_of(array) = Ptr{Cvoid}(pointer(array))

"""
    Safetensors.read_at!(buffer::Array, file, file_offset) -> buffer

Fills the buffer with the bytes at a zero-based offset of the file.
"""
function read_at!(buffer::Array, file::File, file_offset::Integer)
    isbitstype(eltype(buffer)) || throw(ArgumentError("the buffer has elements of type $(eltype(buffer))"))
    error = new_error()
    GC.@preserve buffer reading(file) do pointer
        check(st_read_at(pointer, file_offset, pointer_of(buffer), sizeof(buffer), error), error)
    end
    return buffer
end

"""
    Safetensors.read_slice(file, name, indices...) -> Array
    file[name, indices...]

Reads a part of a tensor: for each dimension a range such as `1:2`, `:`, or an index, whose dimension is
dropped. The result of only indices is the element. Only these elements are read. F4 and F6 tensors result in
a `Packed`.
"""
function read_slice(file::File, name::AbstractString, indices...)
    entry = info(file, name)
    shape = entry.shape
    length(indices) == length(shape) || throw(DimensionMismatch(
        "$(length(indices)) indices for the tensor $entry of $(length(shape)) dimensions",
    ))
    ranges = UnitRange{Int}[slice_range(index, extent) for (index, extent) in zip(indices, shape)]
    extents = length.(ranges)
    # Checks the bounds before memory is allocated.
    nbytes = slice_bytes(file, name, ranges, nothing)
    eltype(entry) === Packed && return packed_slice(file, entry, ranges, nbytes)
    result = sliced(read_type(entry), file, name, ranges, extents)
    isempty(indices) || !all(index -> index isa Integer, indices) || return first(result)
    kept = Tuple(extents[d] for d in eachindex(extents) if !(indices[d] isa Integer))
    return length(kept) == length(extents) ? result : reshape(result, kept)
end

slice_range(index::Integer, _) = Int(index):Int(index)
slice_range(range::AbstractUnitRange{<:Integer}, _) = Int(first(range)):Int(last(range))
slice_range(::Colon, extent) = 1:extent
slice_range(index, _) = throw(ArgumentError("a slice has integers, ranges of step 1 and colons, not $(repr(index))"))

function sliced(::Type{T}, file::File, name, ranges, extents) where {T}
    memory, buffer = row_major_buffer(T, extents)
    slice_bytes(file, name, ranges, memory)
    return own_memory(T, buffer)
end

function packed_slice(file::File, entry::TensorInfo, ranges, nbytes)
    buffer = Vector{UInt8}(undef, nbytes)
    slice_bytes(file, entry.name, ranges, buffer)
    return Packed(entry.dtype, length.(ranges), buffer)
end

# Reads the slice into the buffer; without one, only computes its size. Returns the size in bytes.
function slice_bytes(file::File, name, ranges::Vector{UnitRange{Int}}, buffer::Union{Array,Nothing})
    text = String(name)
    # Index 0 wraps to the largest number, which is out of range.
    starts = zero_based.(first.(ranges))
    stops = last.(ranges) .% UInt64
    nbytes = Ref{UInt64}(0)
    error = new_error()
    GC.@preserve buffer reading(file) do pointer
        target, size = buffer === nothing ? (C_NULL, 0) : (pointer_of(buffer), sizeof(buffer))
        check(
            st_read_slice(
                pointer, text, sizeof(text), starts, stops, length(ranges), target, size, nbytes, error,
            ),
            error,
        )
    end
    return Int(nbytes[])
end

Base.getindex(file::File, name::AbstractString, index, indices...) = read_slice(file, name, index, indices...)

"""
    Safetensors.prefetch(file)
    Safetensors.prefetch(file, name)
    Safetensors.prefetch(file, file_offset, nbytes)

Starts to read the file, a tensor, or bytes from a zero-based offset into the page cache, and does not wait for
them. Does nothing for memory and `IO`. Throws `ST_E_OUT_OF_RANGE` beyond the end of the file.
"""
prefetch(file::File) = prefetch(file, 0, filesize(file))

function prefetch(file::File, name::AbstractString)
    entry = info(file, name)
    return prefetch(file, entry.file_offset, entry.nbytes)
end

function prefetch(file::File, file_offset::Integer, nbytes::Integer)
    error = new_error()
    return use(file.handle) do pointer
        check(st_file_prefetch(pointer, file_offset, nbytes, error), error)
    end
end
