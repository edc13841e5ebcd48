# Files whose tensors are declared first and whose bytes follow in any order.

"""
    Safetensors.Writer(path, declarations; options...)

Writes a file in pieces. `declarations` are pairs of a name and a `Safetensors.Declared`. `write_tensor` and
`write_bytes` write in any order, from any number of threads. `commit` replaces the file at `path`; `close` without a
commit removes what was written. `open(Safetensors.Writer, path, declarations) do writer ... end` commits if
the function returns. Options: as `Safetensors.save`, without `progress`.
"""
struct Writer
    handle::Handle
    # Index and declaration of each tensor.
    tensors::Dict{String,Tuple{Int,SaveTensor}}
end

function Writer(path::AbstractString, declarations; options...)
    chosen = SaveOptions(; options...)
    declared = save_tensors(declarations)
    # The writer uses neither data nor fill.
    declared = [SaveTensor(t.name, t.dtype, t.shape, t.nbytes, nothing, nothing) for t in declared]
    array = structs(declared)
    writer = Ref{Ptr{Cvoid}}(C_NULL)
    error = new_error()
    GC.@preserve declared array chosen begin
        check(st_writer_open(path, pointer(array), length(array), chosen.value, writer, error), error)
    end
    return new_writer(writer[], declared)
end

function new_writer(pointer::Ptr{Cvoid}, declared::Vector{SaveTensor})
    indices = Dict(tensor.name => (index, tensor) for (index, tensor) in enumerate(declared))
    return Writer(Handle(pointer, st_writer_free_address[], "writer"), indices)
end

"""
    Safetensors.write_tensor(writer, name, array)

Writes all elements of a declared tensor.
"""
function write_tensor(writer::Writer, name::AbstractString, value)
    saved = SaveTensor(name, value)
    declared = last(declared_tensor(writer, name))
    (saved.dtype, saved.shape) == (declared.dtype, declared.shape) || throw(DimensionMismatch(
        "tensor $(repr(declared.name)) is declared as $(dtype_symbol(declared.dtype)) of shape " *
        "$(Int.(declared.shape)), not $(dtype_symbol(saved.dtype)) of shape $(Int.(saved.shape))",
    ))
    return write_bytes(writer, name, 0, saved_bytes(saved, value))
end

saved_bytes(saved::SaveTensor, value) = saved.memory === nothing ? dense_row_major(value) : saved.memory

"""
    Safetensors.write_bytes(writer, name, offset, bytes)

Writes the memory of a dense array at a zero-based offset, in bytes, of a declared tensor. Bytes may be written again.
"""
function write_bytes(writer::Writer, name::AbstractString, offset::Integer, bytes::DenseArray)
    isbitstype(eltype(bytes)) || throw(ArgumentError("the array has elements of type $(eltype(bytes))"))
    index = first(declared_tensor(writer, name))
    nbytes = length(bytes) * sizeof(eltype(bytes))
    error = new_error()
    return GC.@preserve bytes use(writer.handle) do pointer
        check(st_writer_write(pointer, index - 1, offset, pointer_of(bytes), nbytes, error), error)
    end
end

function declared_tensor(writer::Writer, name::AbstractString)
    found = get(writer.tensors, String(name), nothing)
    found === nothing || return found
    throw(SafetensorsError(ST_E_TENSOR_NOT_FOUND, "the writer has no tensor $(repr(String(name)))"))
end

"""
    Safetensors.commit(writer)

Publishes the file or set. A `Writer` throws `ST_E_INCOMPLETE` while bytes are missing, and can go on; after other
errors the writer can only be closed.
"""
function commit(writer::Writer)
    error = new_error()
    return use_alone(writer.handle) do pointer
        check(st_writer_commit(pointer, error), error)
    end
end

Base.close(writer::Writer) = close(writer.handle)
Base.isopen(writer::Writer) = isopen(writer.handle)
Base.show(io::IO, writer::Writer) =
    print(io, "Safetensors.Writer(", length(writer.tensors), " tensors", isopen(writer) ? ")" : ", closed)")

Base.open(::Type{Writer}, arguments...; options...) = Writer(arguments...; options...)
Base.open(f::Function, ::Type{Writer}, arguments...; options...) =
    committing(f, Writer(arguments...; options...))

# Commits what `f` wrote unless it throws.
function committing(f, writer)
    try
        result = f(writer)
        commit(writer)
        return result
    finally
        close(writer)
    end
end
