# Nanoseconds per call of find and get: julia calls.jl; calls.c measures the same calls from C.

using Safetensors

const NAMES = ["layer.$i.weight" for i in 0:999]
const ROUNDS = 100

# The best of several runs, in nanoseconds per call.
function measure(f, what)
    f()
    best = minimum(@elapsed(f()) for _ in 1:20)
    println(rpad(what, 36), round(best * 1e9 / (ROUNDS * length(NAMES)); digits = 1), " ns")
end

function find_all(file)
    found = 0
    for _ in 1:ROUNDS, name in NAMES
        found += haskey(file, name)
    end
    return found
end

function get_all(file)
    found = 0
    for _ in 1:ROUNDS, name in NAMES
        found += isopen(Safetensors.tensor(file, name))
    end
    return found
end

function release_all(file)
    for _ in 1:ROUNDS, name in NAMES
        close(Safetensors.tensor(file, name))
    end
end

function index_all(file)
    for _ in 1:ROUNDS, name in NAMES
        file[name]
    end
end

bytes = Safetensors.save_memory(Dict(name => zeros(Float32, 4, 4) for name in NAMES))
file = Safetensors.File(bytes)
measure(() -> find_all(file), "haskey(file, name)")
measure(() -> release_all(file), "tensor(file, name), closed")
measure(() -> get_all(file), "tensor(file, name), collected")
measure(() -> index_all(file), "file[name], collected")
