# The tensors of a save: their values and the C structs.

"""
    Safetensors.Filled(f, T, shape...)
    Safetensors.Filled(f, dtype::Symbol, shape...)

A value for `save` whose bytes `f` provides: `f(buffer, offset)` fills a `Vector{UInt8}` with the bytes at the
zero-based `offset` of the tensor in row-major order. It is called in ascending order of the offset.
"""
struct Filled
    f::Any
    dtype::Symbol
    shape::Vector{Int}
end

Filled(f, name::Symbol, shape::Integer...) = Filled(f, name, collect(Int, shape))
Filled(f, ::Type{T}, shape::Integer...) where {T} = Filled(f, dtype(T), collect(Int, shape))

"""
    Safetensors.Declared(T, shape...)
    Safetensors.Declared(dtype::Symbol, shape...)

The element type and shape of a tensor whose bytes a `Safetensors.Writer` writes later.
"""
struct Declared
    dtype::Symbol
    shape::Vector{Int}
end

Declared(name::Symbol, shape::Integer...) = Declared(name, collect(Int, shape))
Declared(::Type{T}, shape::Integer...) where {T} = Declared(dtype(T), collect(Int, shape))

# A tensor to write. Its bytes are those of `memory`, or `fill` provides them.
struct SaveTensor
    name::String
    dtype::UInt32
    shape::Vector{UInt64}
    nbytes::UInt64
    memory::Any
    fill::Union{UserData,Nothing}
    # The memory that tensors may share: address and size.
    storage::Tuple{UInt,Int}
end

SaveTensor(name, dtype::UInt32, shape, nbytes, memory, fill) =
    SaveTensor(String(name), dtype, shape, nbytes, memory, fill, (UInt(0), 0))

SaveTensor(name, value) =
    throw(ArgumentError("tensor $(repr(String(name))): cannot save a $(typeof(value)), expected an array"))

function SaveTensor(name, array::AbstractArray{T}) where {T}
    value = dtype_value(T)
    nbytes = length(array) * sizeof(T)
    memory = row_major_memory(array)
    fill = memory === nothing ? UserData(fill_from(array)) : nothing
    return SaveTensor(String(name), value, shape_of(size(array)), nbytes, memory, fill, storage(array))
end

SaveTensor(name, packed::Packed) =
    SaveTensor(name, dtype_value(packed.dtype), shape_of(packed.shape), length(packed.bytes),
        dense(packed.bytes), nothing)

function SaveTensor(name, tensor::Tensor)
    return use(tensor.handle) do pointer
        entry = describe(pointer)
        shape = copy(unsafe_wrap(Array, entry.shape, Int(entry.rank)))
        SaveTensor(name, entry.dtype, shape, entry.nbytes, bytes(tensor), nothing)
    end
end

SaveTensor(name, filled::Filled) =
    SaveTensor(name, dtype_value(filled.dtype), shape_of(filled.shape),
        byte_size(filled.dtype, filled.shape), nothing, UserData(fill_by(filled.f)))

SaveTensor(name, declared::Declared) =
    SaveTensor(name, dtype_value(declared.dtype), shape_of(declared.shape),
        byte_size(declared.dtype, declared.shape), nothing, nothing)

shape_of(shape) = UInt64[extent for extent in shape]
byte_size(name::Symbol, shape) = cld(Base.checked_mul(reduce(Base.checked_mul, shape; init = 1), dtype_bits(name)), 8)

dense(bytes::DenseArray{UInt8}) = bytes
dense(bytes::AbstractArray{UInt8}) = Vector{UInt8}(bytes)

# Fills with the elements in row-major order. The copy exists while this tensor is written.
function fill_from(array::AbstractArray{T,N}) where {T,N}
    row_major_copy = nothing
    return function (target::Ptr{UInt8}, offset::Int, nbytes::Int)
        if offset == 0
            row_major_copy = dense_row_major(array)
        end
        copied = row_major_copy::Array{T,N}
        GC.@preserve copied unsafe_copyto!(target, Ptr{UInt8}(pointer(copied)) + offset, nbytes)
        if offset + nbytes == sizeof(copied)
            row_major_copy = nothing
        end
    end
end

# An Array with the elements in row-major order: its dimensions are reversed.
dense_row_major(array::AbstractArray{T,N}) where {T,N} =
    convert(Array{T,N}, permutedims(array, ntuple(d -> N + 1 - d, Val(N))))

# Address and size of the memory that an array is a part of; (0, 0) if unknown.
function storage(array::AbstractArray)
    while !(array isa DenseArray)
        wrapped = parent(array)
        wrapped === array && return (UInt(0), 0)
        array = wrapped
    end
    return (UInt(pointer(array)), length(array) * sizeof(eltype(array)))
end

# The C structs, valid as long as the tensors are kept alive.
function structs(tensors::Vector{SaveTensor})
    uses = Dict{UInt,Int}()
    for tensor in tensors
        uses[first(tensor.storage)] = get(uses, first(tensor.storage), 0) + 1
    end
    return map(tensors) do tensor
        address, size = tensor.storage
        shared = address != 0 && size > 0 && uses[address] > 1
        CSaveTensor(
            sizeof(CSaveTensor), tensor.dtype, pointer(tensor.name), sizeof(tensor.name),
            pointer(tensor.shape), length(tensor.shape), tensor.nbytes,
            tensor.memory === nothing ? C_NULL : pointer_of(tensor.memory),
            tensor.fill === nothing ? C_NULL : fill_function(),
            tensor.fill === nothing ? C_NULL : pointer_from_objref(tensor.fill),
            shared ? address : 0, shared ? size : 0, 0, 0,
        )
    end
end

# The tensors of a dictionary, or of another collection of pairs of name and value.
save_tensors(tensors) = SaveTensor[SaveTensor(name, value) for (name, value) in pairs_of(tensors)]

pairs_of(tensors::NamedTuple) = (String(name) => value for (name, value) in pairs(tensors))
pairs_of(file::File) = (entry.name => tensor(file, i) for (i, entry) in enumerate(infos(file)))
pairs_of(tensors) = tensors
