# Sets that are written one tensor at a time.

"""
    Safetensors.SetWriter(directory; options...)

Writes a set one tensor at a time, in constant memory: `add!` writes a tensor, `commit` publishes the set, `close`
without a commit removes what was written. `open(Safetensors.SetWriter, directory) do writer ... end` commits if
the function returns. Options: as `Safetensors.save_set`, and `resume = true` to keep complete shards for a later
writer of the same set, which adds the same tensors in the same order.
"""
struct SetWriter
    handle::Handle
    # The writer calls the progress callback of the options.
    options::Tuple{SetOptions,SaveOptions}
end

function SetWriter(directory::AbstractString; options...)
    set, chosen = set_and_save_options(options)
    writer = Ref{Ptr{Cvoid}}(C_NULL)
    error = new_error()
    GC.@preserve set chosen with_callbacks() do
        check(st_set_writer_open(directory, set.value, chosen.value, writer, error), error)
    end
    return SetWriter(Handle(writer[], st_set_writer_free_address[], "set writer"), (set, chosen))
end

"""
    Safetensors.add!(writer::SetWriter, name, value)

Writes a tensor of a set. `value` as for `Safetensors.save`.
"""
function add!(writer::SetWriter, name::AbstractString, value)
    saved = SaveTensor(name, value)
    options, error = writer.options, new_error()
    GC.@preserve saved options use_alone(writer.handle) do pointer
        with_callbacks() do
            check(add_to_set(pointer, saved, error), error)
        end
    end
    return writer
end

function add_to_set(writer::Ptr{Cvoid}, saved::SaveTensor, error)
    name, shape = saved.name, saved.shape
    if saved.fill === nothing
        data = saved.memory === nothing ? C_NULL : pointer_of(saved.memory)
        return st_set_writer_add(
            writer, name, sizeof(name), saved.dtype, shape, length(shape), data, saved.nbytes, error,
        )
    end
    return st_set_writer_add_fill(
        writer, name, sizeof(name), saved.dtype, shape, length(shape), saved.nbytes,
        fill_function(), pointer_from_objref(saved.fill), error,
    )
end

"""
    haskey(writer::Safetensors.SetWriter, name) -> Bool

Whether a complete shard that `resume` found has the tensor, so that its bytes are not needed.
"""
function Base.haskey(writer::SetWriter, name::AbstractString)
    text = String(name)
    return use_alone(writer.handle) do pointer
        st_set_writer_has_tensor(pointer, text, sizeof(text)) != 0
    end
end

function commit(writer::SetWriter)
    options, error = writer.options, new_error()
    return GC.@preserve options use_alone(writer.handle) do pointer
        with_callbacks() do
            check(st_set_writer_commit(pointer, error), error)
        end
    end
end

Base.close(writer::SetWriter) = close(writer.handle)
Base.isopen(writer::SetWriter) = isopen(writer.handle)
Base.show(io::IO, writer::SetWriter) =
    print(io, "Safetensors.SetWriter(", isopen(writer) ? "open)" : "closed)")

Base.open(::Type{SetWriter}, arguments...; options...) = SetWriter(arguments...; options...)
Base.open(f::Function, ::Type{SetWriter}, arguments...; options...) =
    committing(f, SetWriter(arguments...; options...))
