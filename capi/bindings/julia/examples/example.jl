# Reads a file in every way and writes another: julia example.jl INPUT OUTPUT

using Printf
using Safetensors

# Prints the code and the message of the error that `f` throws.
function print_error(f)
    try
        f()
    catch error
        error isa SafetensorsError || rethrow()
        println(Safetensors.status_name(error.code), ": ", error.message)
    end
end

number(x) = @sprintf("%g", x)

function main(input, output)
    file = Safetensors.File(input)
    println(input, ": ", length(file), " tensors")
    for (key, value) in sort(collect(Safetensors.metadata(file)))
        println(key, " = ", value)
    end
    for info in Safetensors.infos(file; order = :name)
        println(info.name, " ", info.dtype, " [", join(info.shape, ", "), "] ", info.nbytes, " bytes")
    end

    weight = file["weight"]
    bias = Safetensors.read_tensor(file, "bias")
    slice = file["weight", 1:2, 2:3]
    close(file)
    # The format's indices begin with 0, Julia's with 1.
    println("weight[1][2] = ", number(weight[2, 3]))
    println("bias = ", join(number.(bias), " "))
    println("slice = ", join(number.(permutedims(slice)), " "))

    print_error(() -> Safetensors.File(input * ".missing"))
    print_error(() -> Safetensors.File(fill(UInt8('x'), 16)))
    open(Safetensors.File, input) do again
        print_error(() -> again["absent"])
    end

    tensors = Dict("bias" => bias, "doubled" => 2 .* weight)
    Safetensors.save(output, tensors; metadata = Dict("format" => "pt"))
    println("wrote ", output)
end

main(ARGS[1], ARGS[2])
