# Tensors and their bytes, without a copy.

"""
    Safetensors.Tensor

A tensor of any dtype and its bytes, valid after the file is closed. `Safetensors.array(tensor)` is its
array, `Safetensors.bytes(tensor)` its bytes in row-major order, `Safetensors.info(tensor)` its entry.
`save` writes its bytes unchanged.
"""
struct Tensor
    handle::Handle

    Tensor(pointer::Ptr{Cvoid}) = new(Handle(pointer, st_tensor_unref_address[], "tensor"))
end

"""
    close(tensor::Safetensors.Tensor)

Releases the tensor at once. Arrays of it stay valid; later calls with the tensor throw.
"""
Base.close(tensor::Tensor) = close(tensor.handle)
Base.isopen(tensor::Tensor) = isopen(tensor.handle)

"""
    Safetensors.tensor(file, name) -> Tensor
    Safetensors.tensor(file, index; order = :file) -> Tensor

The tensor with this name, or at a one-based index in the order `:file` or `:name`. Mapped files and memory are
not copied.
"""
tensor(file::File, name::AbstractString) = Tensor(get_tensor(file, name))

function tensor(file::File, index::Integer; order = :file)
    chosen = option(ORDERS, "order", order)
    found = Ref{Ptr{Cvoid}}(C_NULL)
    error = new_error()
    reading(file) do pointer
        check(st_get_tensor_at(pointer, chosen, zero_based(index), found, error), error)
    end
    return Tensor(found[])
end

# A reference to a tensor, which the caller releases.
function get_tensor(file::File, name::AbstractString)
    text = String(name)
    found = Ref{Ptr{Cvoid}}(C_NULL)
    if !file.calls_back
        pointer = acquire(file.handle)
        status = st_get_tensor(pointer, text, sizeof(text), found, C_NULL)
        release(file.handle)
        status == ST_OK && return found[]
    end
    return get_tensor_or_throw(file, text)
end

@noinline function get_tensor_or_throw(file::File, text::String)
    found = Ref{Ptr{Cvoid}}(C_NULL)
    error = new_error()
    reading(file) do pointer
        check(st_get_tensor(pointer, text, sizeof(text), found, error), error)
    end
    return found[]
end

# The entry of a tensor that the caller keeps alive.
function describe(pointer::Ptr{Cvoid})
    described = Ref(initial(CTensorInfo))
    st_tensor_describe(pointer, described, C_NULL)
    return described[]
end

info(tensor::Tensor) = use(pointer -> TensorInfo(describe(pointer)), tensor.handle)

# Wraps a reference to a tensor, which the result owns.
function own_array(pointer::Ptr{Cvoid})
    entry = describe(pointer)
    T = element_type(entry.dtype)
    reference = Reference(pointer)
    if T === nothing || entry.rank > MAXIMUM_RANK || !has_int_extents(entry)
        return without_element_type(entry, reference)
    end
    data, writable = tensor_data(pointer)
    return tensor_array(T, entry, data, writable, reference)
end

function has_int_extents(entry::CTensorInfo)
    for d in 1:entry.rank
        unsafe_load(entry.shape, d) > typemax(Int) && return false
    end
    return true
end

function tensor_data(pointer::Ptr{Cvoid})
    data = st_tensor_mutable_data(pointer)
    return data == C_NULL ? (st_tensor_data(pointer), false) : (data, true)
end

@noinline function without_element_type(entry::CTensorInfo, reference::Reference)
    name = dtype_symbol(entry.dtype)
    if name in (:F4, :F6_E2M3, :F6_E3M2)
        shape = try
            TensorInfo(entry).shape
        catch
            reference(nothing)
            rethrow()
        end
        return Packed(name, shape, own_bytes(entry, reference))
    end
    reference(nothing)
    throw(SafetensorsError(
        ST_E_UNSUPPORTED,
        "no Julia array can have a tensor of dtype $name and rank $(entry.rank); Safetensors.bytes has its bytes",
    ))
end

function own_bytes(entry::CTensorInfo, reference::Reference)
    data, writable = tensor_data(reference.tensor)
    return TensorArray{UInt8}(data, (Int(entry.nbytes),), writable, reference)
end

"""
    Safetensors.array(tensor::Tensor)

The tensor's array, without a copy: a `PermutedDimsArray` over a `TensorArray`, for fewer than two dimensions a
`TensorArray`, for dtypes of less than a byte a `Packed`. Index `[i, j]` of the array is index [i, j] of the
tensor. `parent(array)` is the column-major array with the reversed shape.
"""
array(tensor::Tensor) = use(tensor.handle) do pointer
    own_array(st_tensor_ref(pointer))
end

"""
    Safetensors.bytes(tensor::Tensor) -> TensorArray{UInt8,1}
    Safetensors.bytes(file, name)

The bytes of a tensor of any dtype in row-major order, without a copy.
"""
bytes(tensor::Tensor) = use(tensor.handle) do pointer
    own_bytes(describe(pointer), Reference(st_tensor_ref(pointer)))
end

bytes(file::File, name::AbstractString) = bytes(tensor(file, name))

"Number of bytes of the tensor."
Base.sizeof(tensor::Tensor) = Int(use(st_tensor_nbytes, tensor.handle))

Base.show(io::IO, tensor::Tensor) =
    print(io, "Safetensors.Tensor(", isopen(tensor) ? info(tensor) : "closed", ")")

"""
    file[name]

The tensor's array, without a copy; see `Safetensors.array`.
"""
Base.getindex(file::File, name::AbstractString) = own_array(get_tensor(file, name))

Base.get(file::File, name::AbstractString, default) = haskey(file, name) ? file[name] : default
Base.get(::File, _, default) = default
Base.get(default::Base.Callable, file::File, name) = haskey(file, name) ? file[name] : default()

function Base.iterate(file::File, index::Int = 1)
    index > length(file) && return nothing
    entry = tensor(file, index)
    return info(entry).name => array(entry), index + 1
end

"""
    Safetensors.load(source; names = nothing, options...) -> Dict{String,Any}
    Safetensors.load_set(path; names = nothing, options...)

The tensors of a file or set, all or those of `names`, as zero-copy arrays. `source` and options: as
`Safetensors.File`.
"""
load(source; names = nothing, options...) = load_from(File(source; options...), names)
load(file::File; names = nothing) = load_all(file, names)
load(read!, nbytes::Integer; names = nothing, options...) = load_from(File(read!, nbytes; options...), names)

load_set(path::AbstractString; names = nothing, options...) = load_from(open_set(path; options...), names)
@doc (@doc load) load_set

function load_from(file::File, names)
    try
        return load_all(file, names)
    finally
        close(file)
    end
end

load_all(file::File, ::Nothing) = Dict{String,Any}(pairs(file))
load_all(file::File, names) = Dict{String,Any}(String(name) => file[name] for name in names)
