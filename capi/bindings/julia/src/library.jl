# Loads the shared library and declares its functions.

"Environment variable that names the shared library; without it, the system's is loaded."
const LIBRARY_VARIABLE = "JULIA_SAFETENSORS_LIB"

"Name of the system's shared library; the number is the ABI number."
const LIBRARY_NAME = "libsafetensors.so.0"

# Every function of the C ABI that the package calls, and where its address is stored.
const FUNCTIONS = Pair{Symbol,Base.RefValue{Ptr{Cvoid}}}[]

# Declares a C function: `@c st_name(argument::Type, ...)::Type` defines a Julia function of this
# name. __init__ finds its address, since the path of the library is known only at run time.
macro c(declaration)
    call, result = declaration.args
    name = call.args[1]
    arguments = [argument.args[1] for argument in call.args[2:end]]
    types = [argument.args[2] for argument in call.args[2:end]]
    address = Symbol(name, "_address")
    return esc(quote
        const $address = Ref{Ptr{Cvoid}}(C_NULL)
        push!(FUNCTIONS, $(QuoteNode(name)) => $address)
        @inline $name($(arguments...)) = ccall($address[], $result, ($(types...),), $(arguments...))
    end)
end

function load_library()
    name = get(ENV, LIBRARY_VARIABLE, "")
    library = try
        Libdl.dlopen(isempty(name) ? LIBRARY_NAME : name)
    catch e
        origin = isempty(name) ? "set $LIBRARY_VARIABLE to its path if it is not installed" :
            "named by $LIBRARY_VARIABLE"
        error("Safetensors.jl cannot load the library libsafetensors ($origin): ", sprint(showerror, e))
    end
    for (function_name, address) in FUNCTIONS
        found = Libdl.dlsym_e(library, function_name)
        found == C_NULL && error(
            "Safetensors.jl needs a newer libsafetensors: ", Libdl.dlpath(library),
            " has no function ", function_name,
        )
        address[] = found
    end
    return nothing
end

"""
    Safetensors.library_version() -> VersionNumber

Version of the C library in use.
"""
library_version() = VersionNumber(unsafe_string(st_version_string()))
