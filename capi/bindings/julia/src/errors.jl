# Failures of the library as exceptions.

"""
    SafetensorsError <: Exception

A failure that the library reports. Fields:

- `code`: the status, one of the constants `Safetensors.ST_E_...`, which `safetensors.h` documents;
- `message`: what was found, what was expected, where;
- `position`: byte offset of the error in the file, or `nothing`;
- `os_error`: errno of the failed system call, or 0.
"""
struct SafetensorsError <: Exception
    code::Int32
    message::String
    position::Union{Int,Nothing}
    os_error::Int32
end

function SafetensorsError(error::Ref{CError})
    message = GC.@preserve error begin
        start = Ptr{UInt8}(Base.unsafe_convert(Ptr{CError}, error))
        unsafe_string(start + fieldoffset(CError, fieldindex(CError, :message)))
    end
    value = error[]
    position = value.position == ST_NO_POSITION ? nothing : Int(value.position)
    return SafetensorsError(value.code, message, position, value.os_error)
end

# A failure that the package itself finds.
SafetensorsError(code::Int32, message::AbstractString) = SafetensorsError(code, message, nothing, 0)

fieldindex(::Type{T}, name::Symbol) where {T} = findfirst(isequal(name), fieldnames(T))

"""
    Safetensors.status_name(code) -> String

Name of a status, such as `"ST_E_JSON"`; `"unknown"` for an unknown value.
"""
status_name(code::Integer) = unsafe_string(st_status_name(code))

function Base.showerror(io::IO, error::SafetensorsError)
    print(io, status_name(error.code), ": ", error.message)
    error.position === nothing || print(io, " (byte ", error.position, ")")
    error.os_error == 0 || print(io, " (", Libc.strerror(error.os_error), ")")
end

new_error() = Ref(initial(CError))

# Throws if the call failed. What a callback threw takes precedence over the library's error.
function check(status::Int32, error::Ref{CError})
    status == ST_OK || throw_failure(error)
    return nothing
end

@noinline function throw_failure(error::Ref{CError})
    failure = take_callback_failure()
    failure === nothing || throw(something(failure))
    throw(SafetensorsError(error))
end
