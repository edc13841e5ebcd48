# Shared by the tests.

const ST = Safetensors

# The code of the SafetensorsError that `f` throws.
code_of(f) = error_of(f).code

function error_of(f)
    try
        f()
    catch error
        error isa SafetensorsError || rethrow()
        return error
    end
    error("no SafetensorsError was thrown")
end

# The bytes of a file with this header and data.
function file_bytes(header::String, data = UInt8[])
    return vcat(reinterpret(UInt8, [UInt64(sizeof(header))]), codeunits(header), data)
end

# A file with the tensors of the tests.
const SAMPLE = Dict(
    "bias" => Float32[0.5, 1.5, 2.5],
    "weight" => Float32[0 1 2 3; 4 5 6 7; 8 9 10 11],
    "flags" => [true, false, true],
    "scalar" => fill(7),
    "empty" => zeros(Float64, 0, 3),
)

sample_bytes(; options...) = ST.save_memory(SAMPLE; metadata = Dict("format" => "pt"), options...)

function with_sample(f)
    mktempdir() do directory
        path = joinpath(directory, "sample.safetensors")
        ST.save(path, SAMPLE; metadata = Dict("format" => "pt"))
        f(path)
    end
end
