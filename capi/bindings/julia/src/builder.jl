# A collection of tensors that can be saved several times.

"""
    Safetensors.Builder()

Collects tensors and metadata: `add!`, `declare!` and `add_metadata!`. `save`, `save_size`, `save_memory`,
`save_set` and `Safetensors.Writer` take a builder instead of tensors, any number of times. One thread at a time.
"""
struct Builder
    handle::Handle
    # The tensors, whose bytes the library does not copy.
    tensors::Vector{SaveTensor}
end

function Builder()
    builder = Ref{Ptr{Cvoid}}(C_NULL)
    error = new_error()
    check(st_builder_new(builder, error), error)
    return Builder(Handle(builder[], st_builder_free_address[], "builder"), SaveTensor[])
end

"""
    Safetensors.add!(builder::Builder, name, value; copy = false)

Adds a tensor. `value` as for `Safetensors.save`; its bytes must not change before the last save, unless they
are copied.
"""
function add!(builder::Builder, name::AbstractString, value; copy::Bool = false)
    value isa Declared && return declare!(builder, name, value)
    saved = SaveTensor(name, value)
    if copy && !(value isa Filled)
        bytes = saved_bytes(saved, value)
        saved = SaveTensor(saved.name, saved.dtype, saved.shape, saved.nbytes, bytes, nothing)
    end
    name_text, shape, error = saved.name, saved.shape, new_error()
    use_alone(builder.handle) do pointer
        GC.@preserve saved begin
            status = if saved.fill !== nothing
                st_builder_add_fill(
                    pointer, name_text, sizeof(name_text), saved.dtype, shape, length(shape), saved.nbytes,
                    fill_function(), pointer_from_objref(saved.fill), error,
                )
            else
                add = copy ? st_builder_add_copy : st_builder_add
                add(
                    pointer, name_text, sizeof(name_text), saved.dtype, shape, length(shape),
                    pointer_of(saved.memory), saved.nbytes, error,
                )
            end
            check(status, error)
        end
        # The names and shapes of all tensors, and the bytes that the library did not copy.
        memory = copy ? nothing : saved.memory
        push!(builder.tensors, SaveTensor(name_text, saved.dtype, shape, saved.nbytes, memory, saved.fill))
    end
    return builder
end

"""
    Safetensors.declare!(builder::Builder, name, declared::Declared)

Adds a tensor without bytes, for `Safetensors.Writer`.
"""
function declare!(builder::Builder, name::AbstractString, declared::Declared)
    saved = SaveTensor(name, declared)
    text, shape, error = saved.name, saved.shape, new_error()
    use_alone(builder.handle) do pointer
        check(
            st_builder_declare(pointer, text, sizeof(text), saved.dtype, shape, length(shape), error), error,
        )
        push!(builder.tensors, saved)
    end
    return builder
end

"""
    Safetensors.add_metadata!(builder::Builder, key, value)

Adds a metadata entry. The file has the builder's metadata and that of the options.
"""
function add_metadata!(builder::Builder, key::AbstractString, value::AbstractString)
    key_text, value_text, error = String(key), String(value), new_error()
    use_alone(builder.handle) do pointer
        check(
            st_builder_add_metadata(
                pointer, key_text, sizeof(key_text), value_text, sizeof(value_text), error,
            ),
            error,
        )
    end
    return builder
end

Base.close(builder::Builder) = close(builder.handle)
Base.isopen(builder::Builder) = isopen(builder.handle)
Base.length(builder::Builder) = length(builder.tensors)
Base.show(io::IO, builder::Builder) =
    print(io, "Safetensors.Builder(", length(builder), " tensors", isopen(builder) ? ")" : ", closed)")

# Calls `f(builder, error)` while the tensors and options are alive.
function with_builder(f::F, builder::Builder, options) where {F}
    error = new_error()
    return GC.@preserve builder options use_alone(builder.handle) do pointer
        with_callbacks() do
            check(f(pointer, error), error)
        end
    end
end

function save(path::AbstractString, builder::Builder; options...)
    chosen = SaveOptions(; options...)
    with_builder(builder, chosen) do pointer, error
        st_builder_save(pointer, path, chosen.value, error)
    end
end

function save(io::IO, builder::Builder; options...)
    chosen = SaveOptions(; options...)
    sink = UserData(write_to(io))
    GC.@preserve sink with_builder(builder, chosen) do pointer, error
        st_builder_save_io(pointer, write_function(), pointer_from_objref(sink), chosen.value, error)
    end
end

function save_size(builder::Builder; options...)
    chosen = SaveOptions(; options...)
    nbytes = Ref{UInt64}(0)
    with_builder(builder, chosen) do pointer, error
        st_builder_save_size(pointer, chosen.value, nbytes, error)
    end
    return Int(nbytes[])
end

function save_memory!(buffer::Vector{UInt8}, builder::Builder; options...)
    chosen = SaveOptions(; options...)
    nbytes = Ref{UInt64}(0)
    GC.@preserve buffer with_builder(builder, chosen) do builder_pointer, error
        st_builder_save_memory(builder_pointer, chosen.value, pointer(buffer), length(buffer), nbytes, error)
    end
    return Int(nbytes[])
end

function save_set(directory::AbstractString, builder::Builder; options...)
    set, chosen = set_and_save_options(options)
    GC.@preserve set with_builder(builder, chosen) do pointer, error
        st_builder_save_set(pointer, directory, set.value, chosen.value, error)
    end
end

function Writer(path::AbstractString, builder::Builder; options...)
    chosen = SaveOptions(; options...)
    writer = Ref{Ptr{Cvoid}}(C_NULL)
    with_builder(builder, chosen) do pointer, error
        st_builder_open_writer(pointer, path, chosen.value, writer, error)
    end
    return new_writer(writer[], copy(builder.tensors))
end
