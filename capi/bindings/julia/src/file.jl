# Opening files and sets.

"""
    Safetensors.File(path; options...)
    Safetensors.File(fd::RawFD; options...)
    Safetensors.File(bytes::AbstractVector{UInt8}; copy = false, options...)
    Safetensors.File(io::IO; options...)
    Safetensors.File(read!, nbytes; options...)

An open, validated safetensors file: a dictionary from the tensors' names to arrays. `file["weight"]`
is a zero-copy array of the mapped file, valid after the file is closed; `file["weight", 1:2, :]` reads a
slice. The keys are in the order of the file.

- `bytes` are used without a copy and must not change, unless `copy = true`.
- `io` is any IO with `seek` and `read`. Threads that use the file take turns.
- `read!(buffer, offset)` fills a `Vector{UInt8}` with the bytes at the zero-based `offset` of a file of
  `nbytes` bytes. Threads that use the file call it at once.

An exception that `io` or `read!` throws reaches the caller of the function that needed the bytes.

Options: `backend` (`:auto`, `:mmap`, `:pread`), `strictness` (`:compatible`, `:strict`), `access`
(`:read_only`, `:writable`: assignments change neither the file nor `bytes`), `max_header_size` in bytes,
`set_policy` (`:index`, `:all`) and `unaligned` (`:copy`: tensors that the file does not align to their
elements are copied; `:allow`: they have no array, only `Safetensors.bytes`).

`close(file)` releases the file at once, as does `open(Safetensors.File, ...) do file ... end`; otherwise
the garbage collector does.
"""
mutable struct File <: AbstractDict{String,Any}
    handle::Handle
    # Whether reading calls Julia code.
    calls_back::Bool
    description::String
end

function open_options(;
    backend = :auto, strictness = :compatible, access = :read_only, max_header_size::Integer = 0,
    set_policy = :index, unaligned = :copy,
)
    return Ref(COpenOptions(
        sizeof(COpenOptions),
        option(BACKENDS, "backend", backend),
        option(STRICTNESS, "strictness", strictness),
        option(ACCESS, "access", access),
        max_header_size,
        option(SET_POLICIES, "set_policy", set_policy),
        option(UNALIGNED, "unaligned", unaligned),
    ))
end

# `f(file, error)` opens the file and sets the Ref `file`.
function open_file(f::F, calls_back::Bool, description::AbstractString) where {F}
    file = Ref{Ptr{Cvoid}}(C_NULL)
    error = new_error()
    check(f(file, error), error)
    return File(Handle(file[], st_close_address[], "file"), calls_back, description)
end

# The same with the pointer to UserData of `source`, which lives until the library releases it.
function open_keeping(f::F, source, calls_back::Bool, description::AbstractString) where {F}
    kept = keep(source)
    try
        return open_file(calls_back, description) do file, error
            f(pointer_from_objref(kept), file, error)
        end
    catch
        # The library does not call release if it fails.
        drop(kept)
        rethrow()
    end
end

function File(path::AbstractString; options...)
    chosen = open_options(; options...)
    return open_file(false, path) do file, error
        st_open_file(path, chosen, file, error)
    end
end

function File(fd::RawFD; options...)
    chosen = open_options(; options...)
    number = reinterpret(Int32, fd)
    return open_file(false, "descriptor $number") do file, error
        st_open_fd(number, chosen, file, error)
    end
end

function File(bytes::AbstractVector{UInt8}; copy::Bool = false, options...)
    chosen = open_options(; options...)
    description = "$(length(bytes)) bytes of memory"
    pinned = pinned_bytes(bytes)
    nbytes = sizeof(pinned)
    GC.@preserve pinned begin
        data = pointer(pinned)
        if copy
            return open_file(false, description) do file, error
                st_open_memory_copy(data, nbytes, chosen, file, error)
            end
        end
        return open_keeping(pinned, false, description) do user_data, file, error
            st_open_memory(data, nbytes, release_function(), user_data, chosen, file, error)
        end
    end
end

# Contiguous bytes that stay where they are as long as the result lives: an Array that shares its
# memory with another one cannot be resized in place.
pinned_bytes(bytes::Vector{UInt8}) = reshape(bytes, length(bytes), 1)
pinned_bytes(bytes::Base.CodeUnits{UInt8,String}) = bytes.s
pinned_bytes(bytes::AbstractVector{UInt8}) = pinned_bytes(Vector{UInt8}(bytes))

function File(io::IO; options...)
    seekend(io)
    return open_source(read_from(io), position(io), string(nameof(typeof(io))); options...)
end

File(f, nbytes::Integer; options...) = open_source(fill_by(f), nbytes, "callback"; options...)

function open_source(f, nbytes::Integer, description; options...)
    chosen = open_options(; options...)
    return open_keeping(f, true, description) do user_data, file, error
        io = Ref(CIO(sizeof(CIO), 0, nbytes, fill_function(), release_function(), user_data))
        with_callbacks(() -> st_open_io(io, chosen, file, error))
    end
end

"""
    Safetensors.open_set(path; options...) -> File
    Safetensors.open_set(f, path; options...)

Opens a model in one or more files: by its directory, its index (`.json`), or its only file. The set is used
as one file. With a function, `f(file)` is called and the file is closed. Options: as `Safetensors.File`.
"""
function open_set(path::AbstractString; options...)
    chosen = open_options(; options...)
    return open_file(false, path) do file, error
        st_open_set(path, chosen, file, error)
    end
end

function open_set(f, path::AbstractString; options...)
    file = open_set(path; options...)
    try
        return f(file)
    finally
        close(file)
    end
end

Base.open(::Type{File}, arguments...; options...) = File(arguments...; options...)

"""
    close(file::Safetensors.File)

Closes the file, after the calls that other threads make. Arrays from it stay valid; later calls with
the file throw `ST_E_INVALID_ARGUMENT`. Closing twice is allowed.
"""
Base.close(file::File) = close(file.handle)
Base.isopen(file::File) = isopen(file.handle)

# Calls `f(pointer)`, which may read through callbacks.
reading(f::F, file::File) where {F} =
    file.calls_back ? with_callbacks(() -> use(f, file.handle)) : use(f, file.handle)

function Base.summary(io::IO, file::File)
    print(io, "Safetensors.File(", repr(file.description), ")")
    isopen(file) ? print(io, " with ", length(file), " tensors") : print(io, " (closed)")
end

Base.show(io::IO, file::File) = summary(io, file)

function Base.show(io::IO, ::MIME"text/plain", file::File)
    summary(io, file)
    isopen(file) || return
    rows = get(io, :limit, false) ? max(displaysize(io)[1] - 5, 3) : typemax(Int)
    for (row, name) in enumerate(keys(file))
        row > rows && return print(io, "\n  …")
        print(io, "\n  ", info(file, name))
    end
end
