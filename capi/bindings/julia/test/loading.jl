# Loading the library in a new process: where it is, and how.

const HOSTILE = raw"""
for bytes in (UInt8[], zeros(UInt8, 8), fill(UInt8('x'), 16))
    try
        Safetensors.File(bytes)
        exit(1)
    catch error
        error isa SafetensorsError || rethrow()
    end
end
weight = Safetensors.File(Safetensors.save_memory(Dict("x" => [1 2; 3 4])))["x"]
weight == [1 2; 3 4] || exit(1)
print("passed")
"""

# What a new process with this library and code prints to stdout and stderr.
function run_julia(code, library = get(ENV, "JULIA_SAFETENSORS_LIB", nothing))
    output = IOBuffer()
    withenv("JULIA_SAFETENSORS_LIB" => library) do
        run(pipeline(ignorestatus(`$(Base.julia_cmd()) --startup-file=no -e $code`); stdout = output, stderr = output))
    end
    return String(take!(output))
end

@testset "files are refused whichever flags the library was loaded with" begin
    for flags in ("RTLD_LAZY | RTLD_DEEPBIND", "RTLD_LAZY", "RTLD_NOW | RTLD_GLOBAL")
        code = """
        using Libdl
        library = get(ENV, "JULIA_SAFETENSORS_LIB", "libsafetensors.so.0")
        dlopen(library, $flags)
        using Safetensors
        $HOSTILE
        """
        @test run_julia(code) == "passed"
    end
end

@testset "ccall's own way to load the library works" begin
    library = get(ENV, "JULIA_SAFETENSORS_LIB", "libsafetensors.so.0")
    code = """
    file = Ref{Ptr{Cvoid}}(C_NULL)
    open_memory(bytes) = ccall(
        (:st_open_memory, $(repr(library))), Int32,
        (Ptr{UInt8}, UInt64, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Ptr{Cvoid}),
        bytes, length(bytes), C_NULL, C_NULL, C_NULL, file, C_NULL,
    )
    open_memory(fill(UInt8('x'), 16)) == $(ST.ST_E_HEADER_TOO_LARGE) || exit(1)
    using Safetensors
    $HOSTILE
    """
    @test run_julia(code) == "passed"
end

@testset "a missing library is a clear error" begin
    text = run_julia("using Safetensors", "/nonexistent/libsafetensors.so.0")
    @test occursin("Safetensors.jl cannot load the library libsafetensors (named by JULIA_SAFETENSORS_LIB)", text)
    @test occursin("/nonexistent/libsafetensors.so.0", text)
end

@testset "a library without the functions is a clear error" begin
    @test occursin("has no function st_version", run_julia("using Safetensors", "libm.so.6"))
end

@testset "the version of the library" begin
    @test ST.library_version() >= v"0.1.0" && ST.st_version() >= 1000
end
