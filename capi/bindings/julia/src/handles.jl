# Handles of the library: counted uses, so that closing is safe while other threads use the handle.

# `state` is twice the number of running calls, plus EXCLUSIVE during a call that allows no other.
# It is odd after close; the last use then releases the handle and sets RELEASED.
mutable struct Handle
    pointer::Ptr{Cvoid}
    state::Threads.Atomic{Int}
    free::Ptr{Cvoid}
    what::String

    function Handle(pointer::Ptr{Cvoid}, free::Ptr{Cvoid}, what::String)
        return finalizer(close, new(pointer, Threads.Atomic{Int}(0), free, what))
    end
end

const USE = 2
const EXCLUSIVE = 1 << 40
const RELEASED = typemin(Int) | 1

# The pointer, for one call; every acquire is followed by a release.
@inline function acquire(handle::Handle)
    state = Threads.atomic_add!(handle.state, USE)
    # Closed states are odd; an exclusive call makes the state at least EXCLUSIVE.
    (isodd(state) || state >= EXCLUSIVE) && refuse(handle, state)
    return handle.pointer
end

@inline function release(handle::Handle)
    Threads.atomic_sub!(handle.state, USE) == USE + 1 && free_closed(handle)
    return nothing
end

@noinline function refuse(handle::Handle, state::Int)
    release(handle)
    isodd(state) && throw(SafetensorsError(ST_E_INVALID_ARGUMENT, "the $(handle.what) is closed"))
    throw(SafetensorsError(ST_E_INVALID_ARGUMENT, "another call uses the $(handle.what)"))
end

@noinline function free_closed(handle::Handle)
    if Threads.atomic_cas!(handle.state, 1, RELEASED) == 1
        ccall(handle.free, Cvoid, (Ptr{Cvoid},), handle.pointer)
        handle.pointer = C_NULL
    end
    return nothing
end

function Base.close(handle::Handle)
    Threads.atomic_or!(handle.state, 1) == 0 && free_closed(handle)
    return nothing
end

Base.isopen(handle::Handle) = iseven(handle.state[])

# Calls `f(pointer)` while the handle cannot be released.
function use(f::F, handle::Handle) where {F}
    pointer = acquire(handle)
    try
        return f(pointer)
    finally
        release(handle)
    end
end

# The same while no other call may use the handle.
function use_alone(f::F, handle::Handle) where {F}
    state = Threads.atomic_cas!(handle.state, 0, EXCLUSIVE)
    if state != 0
        isodd(state) && throw(SafetensorsError(ST_E_INVALID_ARGUMENT, "the $(handle.what) is closed"))
        throw(SafetensorsError(ST_E_INVALID_ARGUMENT, "another call uses the $(handle.what)"))
    end
    try
        return f(handle.pointer)
    finally
        Threads.atomic_sub!(handle.state, EXCLUSIVE) == EXCLUSIVE + 1 && free_closed(handle)
    end
end
