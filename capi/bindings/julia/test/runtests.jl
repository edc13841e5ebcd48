# The tests of the package: julia test/runtests.jl [FILE...] with the package in the load path.

using Safetensors
using Test

include("support.jl")

const FILES = [
    "layout.jl", "dtypes.jl", "open.jl", "query.jl", "arrays.jl", "read.jl", "save.jl", "sets.jl",
    "writer.jl", "edit.jl", "callbacks.jl", "lifetimes.jl", "threads.jl", "loading.jl",
]

@testset "$file" for file in (isempty(ARGS) ? FILES : ARGS)
    include(file)
end
