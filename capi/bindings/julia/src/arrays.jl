# Arrays over the bytes of a tensor.
#
# The bytes are in row-major order: the last index varies fastest. A TensorArray is column-major, so
# it has the reversed shape; PermutedDimsArray reverses its indices, and index [i, j] of the tensor
# is index [i, j] of the array.

# A reference to the library's st_tensor. The finalizer of an Array calls it.
struct Reference
    tensor::Ptr{Cvoid}
end

(reference::Reference)(_) = st_tensor_unref(reference.tensor)

"""
    Safetensors.TensorArray{T,N} <: DenseArray{T,N}

The bytes of a tensor as a column-major array, without a copy. It keeps the mapping or the memory
alive, also after the file is closed. Assignments throw `ReadOnlyMemoryError` unless the file was opened
with `access = :writable`.
"""
struct TensorArray{T,N,S} <: DenseArray{T,N}
    # S is T, or UInt8 for Bool: bytes of a file can be neither 0 nor 1.
    data::Array{S,N}
    writable::Bool
end

stored(::Type{T}) where {T} = T
stored(::Type{Bool}) = UInt8

function TensorArray{T}(data::Ptr, dims::NTuple{N,Int}, writable::Bool, reference::Reference) where {T,N}
    return TensorArray{T,N,stored(T)}(wrap_bytes(Ptr{stored(T)}(data), dims, reference), writable)
end

function wrap_bytes(data::Ptr{S}, dims::NTuple{N,Int}, reference::Reference) where {S,N}
    try
        if any(iszero, dims)
            array = Array{S}(undef, dims)
            reference(nothing)
            return array
        end
        array = unsafe_wrap(Array, data, dims)
        # Since Julia 1.11, other Arrays can share the Memory and outlive this Array.
        @static if isdefined(Base, :Memory)
            finalizer(reference, array.ref.mem)
        else
            finalizer(reference, array)
        end
        return array
    catch exception
        reference(nothing)
        # A shape with a zero and a product over 2^63, or unaligned bytes.
        message = "no Julia array can have this tensor of shape $(reverse(dims)): $(sprint(showerror, exception))"
        throw(SafetensorsError(ST_E_UNSUPPORTED, message))
    end
end

Base.size(array::TensorArray) = size(array.data)
Base.IndexStyle(::Type{<:TensorArray}) = IndexLinear()
Base.elsize(::Type{<:TensorArray{T}}) where {T} = sizeof(T)
Base.dataids(array::TensorArray) = (UInt(pointer(array.data)),)
Base.unsafe_convert(::Type{Ptr{T}}, array::TensorArray{T}) where {T} = Ptr{T}(pointer(array.data))

Base.@propagate_inbounds Base.getindex(array::TensorArray{T,N,T}, i::Int) where {T,N} = array.data[i]
Base.@propagate_inbounds Base.getindex(array::TensorArray{Bool,N,UInt8}, i::Int) where {N} = array.data[i] != 0

Base.@propagate_inbounds function Base.setindex!(array::TensorArray{T,N,S}, value, i::Int) where {T,N,S}
    array.writable || throw(ReadOnlyMemoryError())
    array.data[i] = convert(T, value)
    return array
end

"""
    Safetensors.iswritable(array) -> Bool

Whether the elements of an array from a file can be assigned: the file was opened with
`access = :writable`.
"""
iswritable(array::TensorArray) = array.writable
iswritable(array::PermutedDimsArray) = iswritable(parent(array))

# Julia compiles code for each number of dimensions.
const MAXIMUM_RANK = 32

# The dims of the column-major array: the tensor's shape, reversed.
@inline reversed_dims(shape::Ptr{UInt64}, ::Val{N}) where {N} =
    ntuple(d -> Int(unsafe_load(shape, N + 1 - d)), Val(N))

"""
    Safetensors.row_major(array) -> PermutedDimsArray

Reverses the order of an array's indices, without a copy: of an `Array`, which is column-major, it makes an array whose
elements are in the order of the format. `save` writes it, and `read_tensor!` reads it, without a copy.
"""
row_major(array::AbstractVector) = array
row_major(array::AbstractArray{T,0}) where {T} = array

# Generated, since the constructor with a tuple creates the type at run time.
@generated function row_major(array::AbstractArray{T,N}) where {T,N}
    order = ntuple(d -> N + 1 - d, N)
    return :(PermutedDimsArray{T,N,$order,$order,typeof(array)}(array))
end

function tensor_array(::Type{T}, info::CTensorInfo, data::Ptr, writable::Bool, reference::Reference) where {T}
    wrap(rank) = row_major(TensorArray{T}(data, reversed_dims(info.shape, rank), writable, reference))
    # Constant ranks avoid a dynamic call.
    info.rank == 1 && return wrap(Val(1))
    info.rank == 2 && return wrap(Val(2))
    info.rank == 3 && return wrap(Val(3))
    info.rank == 4 && return wrap(Val(4))
    return wrap(Val(Int(info.rank)))
end

"""
    Safetensors.Packed(dtype, shape, bytes)

A tensor of `:F4`, `:F6_E2M3` or `:F6_E3M2`, whose elements are packed into bytes without padding: the
`dtype`, the `shape`, and the `bytes`, an `AbstractVector{UInt8}` in row-major order.
"""
struct Packed
    dtype::Symbol
    shape::Vector{Int}
    bytes::AbstractVector{UInt8}
end

Packed(name::Symbol, shape::Tuple, bytes::AbstractVector{UInt8}) = Packed(name, collect(Int, shape), bytes)
Base.size(packed::Packed) = Tuple(packed.shape)
Base.:(==)(a::Packed, b::Packed) = a.dtype == b.dtype && a.shape == b.shape && a.bytes == b.bytes
Base.hash(packed::Packed, seed::UInt) = hash(packed.bytes, hash(packed.shape, hash(packed.dtype, seed)))
Base.show(io::IO, packed::Packed) =
    print(io, "Packed(:", packed.dtype, ", ", packed.shape, ", ", length(packed.bytes), " bytes)")
