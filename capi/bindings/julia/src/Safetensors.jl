"""
Reads and writes safetensors files with the C library libsafetensors: `Safetensors.load`, `Safetensors.save`,
`Safetensors.File`. The README of the package has examples.

The library is `libsafetensors.so.0` of the system, or the file that the environment variable
`JULIA_SAFETENSORS_LIB` names. Names of tensors, keys and values are strings; offsets in files are
zero-based, indices are one-based.
"""
module Safetensors

import Libdl

export SafetensorsError

include("constants.jl")
include("structs.jl")
include("library.jl")
include("functions.jl")
include("errors.jl")
include("callbacks.jl")
include("handles.jl")
include("small_floats.jl")
include("dtypes.jl")
include("arrays.jl")
include("file.jl")
include("query.jl")
include("metadata.jl")
include("shards.jl")
include("tensor.jl")
include("read.jl")
include("options.jl")
include("save_tensors.jl")
include("save.jl")
include("writer.jl")
include("set_writer.jl")
include("builder.jl")
include("edit.jl")

__init__() = load_library()

end
