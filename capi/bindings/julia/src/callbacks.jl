# Callbacks of the library that run Julia code.
#
# An exception must not leave a callback through the library's frames. The trampolines store it in
# the task and cancel the call; `check` throws it after the call returned.

const FAILURE = :Safetensors_callback_failure

# Some(exception) that a callback of this task stored, or nothing.
function take_callback_failure()
    storage = task_local_storage()
    haskey(storage, FAILURE) || return nothing
    return Some(pop!(storage, FAILURE))
end

function run_callback(f::F) where {F}
    try
        reenable_sigint(f)
        return Int32(0)
    catch exception
        task_local_storage(FAILURE, exception)
        return Int32(-1)
    end
end

# Calls `f`, which calls the library, which may call Julia code. The task must resume on the same
# thread if a callback yields, and Ctrl-C may interrupt only the callbacks.
function with_callbacks(f::F) where {F}
    task = current_task()
    sticky = task.sticky
    task.sticky = true
    try
        return disable_sigint(f)
    finally
        task.sticky = sticky
    end
end

# What a user_data pointer refers to: the function of a callback, or what the library's caller keeps.
mutable struct UserData
    value::Any
end

user_data_at(pointer::Ptr{Cvoid}) = unsafe_pointer_to_objref(pointer)::UserData

# What open files use, until the library releases it. References from a finalizer would not do: Julia
# finalizes, and unmaps, objects that only finalizers refer to.
const IN_USE = UserData[]
const IN_USE_LOCK = ReentrantLock()

# Keeps `value` alive until the library calls release_function() with the result.
function keep(value)
    user_data = UserData(value)
    lock(IN_USE_LOCK) do
        filter!(kept -> kept.value !== nothing, IN_USE)
        push!(IN_USE, user_data)
    end
    return user_data
end

# Finalizers call this, so it takes no lock; `keep` removes the entry later.
function drop(user_data::UserData)
    user_data.value = nothing
    return nothing
end

release_trampoline(user_data::Ptr{Cvoid}) = drop(user_data_at(user_data))
release_function() = @cfunction(release_trampoline, Cvoid, (Ptr{Cvoid},))

# `f(buffer, offset, nbytes)` reads or fills `nbytes` bytes at the pointer `buffer`.
function fill_trampoline(user_data::Ptr{Cvoid}, offset::UInt64, buffer::Ptr{Cvoid}, nbytes::UInt64)
    return run_callback() do
        user_data_at(user_data).value(Ptr{UInt8}(buffer), Int(offset), Int(nbytes))
    end
end

function write_trampoline(user_data::Ptr{Cvoid}, offset::UInt64, bytes::Ptr{Cvoid}, nbytes::UInt64)
    return fill_trampoline(user_data, offset, bytes, nbytes)
end

function progress_trampoline(user_data::Ptr{Cvoid}, done::UInt64, total::UInt64)
    return run_callback() do
        user_data_at(user_data).value(Int(done), Int(total))
    end
end

fill_function() = @cfunction(fill_trampoline, Int32, (Ptr{Cvoid}, UInt64, Ptr{Cvoid}, UInt64))
write_function() = @cfunction(write_trampoline, Int32, (Ptr{Cvoid}, UInt64, Ptr{Cvoid}, UInt64))
progress_function() = @cfunction(progress_trampoline, Int32, (Ptr{Cvoid}, UInt64, UInt64))

# Largest buffer that a function of the program is asked to fill.
const PIECE = 4 * 1024 * 1024

# Calls `f(buffer::Vector{UInt8}, offset)` for pieces of the requested bytes. The program gets a buffer
# of Julia's, which it may keep, and not the library's memory.
function fill_by(f)
    return function (target::Ptr{UInt8}, offset::Int, nbytes::Int)
        done = 0
        while done < nbytes
            buffer = Vector{UInt8}(undef, min(PIECE, nbytes - done))
            expected = length(buffer)
            f(buffer, offset + done)
            length(buffer) == expected ||
                throw(DimensionMismatch("the buffer was resized from $expected to $(length(buffer)) bytes"))
            GC.@preserve buffer unsafe_copyto!(target + done, pointer(buffer), expected)
            done += expected
        end
    end
end

# Reads from a seekable IO; its position is shared, so one thread at a time.
function read_from(io::IO)
    io_lock = ReentrantLock()
    return function (target::Ptr{UInt8}, offset::Int, nbytes::Int)
        lock(io_lock) do
            seek(io, offset)
            unsafe_read(io, target, UInt(nbytes))
        end
    end
end

function write_to(io::IO)
    return function (source::Ptr{UInt8}, _::Int, nbytes::Int)
        written = unsafe_write(io, source, UInt(nbytes))
        written == nbytes || error("the sink took $written of $nbytes bytes")
    end
end
